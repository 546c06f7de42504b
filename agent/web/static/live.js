// Makes the page live: asks every five seconds whether the page has changed, and shows the changes.
// The page also works without this script; the reader then uses "Refresh this page".
"use strict";
const body = document.body;
const first = document.getElementById("saved") || document.getElementById("wrong") || document.getElementById("res");
if (first) first.focus();

let waiting = 0;
let unanswered = 0;

async function look() {
  clearTimeout(waiting);
  try {
    const answer = await fetch(body.dataset.live, { cache: "no-store" });
    unanswered = 0;
    if (answer.ok && !document.hidden) {
      const { version } = await answer.json();
      if (body.dataset.version && version !== body.dataset.version) await renew(version);
    }
  } catch {
    unanswered += 1;
    if (unanswered === 2) sayClosed();
  }
  // A page in the background only reports that it is still open.
  waiting = setTimeout(look, document.hidden ? 60000 : 5000);
}

function sayClosed() {
  // The page's process has ended: nothing here works any more, and the page may show old facts.
  const closed = document.getElementById("closed");
  if (closed) document.querySelector("main").prepend(closed.content.cloneNode(true));
}

async function renew(version) {
  // Do not disturb a person who is typing or choosing.
  if (document.querySelector("main :is(input, select):focus, main details[open]")) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const held = document.activeElement && document.activeElement.closest("main") ? document.activeElement.textContent : null;
  document.querySelector("main").replaceChildren(...fresh.querySelector("main").childNodes);
  document.querySelector("nav").replaceChildren(...fresh.querySelector("nav").childNodes);
  body.dataset.version = version;
  if (held) {
    const same = [...document.querySelectorAll("main :is(a, button)")].find((one) => one.textContent === held);
    if (same) same.focus();
  }
}

waiting = setTimeout(look, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
