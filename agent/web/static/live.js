// Makes the page live: asks every five seconds whether it would look otherwise, and if so takes over what changed.
// Without this the page works too; "Refresh this page" is the way then.
"use strict";
const body = document.body;
const first = document.getElementById("saved") || document.getElementById("wrong") || document.getElementById("res");
if (first) first.focus();

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(body.dataset.live, { cache: "no-store" });
      if (answer.ok) {
        const { version } = await answer.json();
        if (body.dataset.version && version !== body.dataset.version) await renew(version);
      }
    } catch {
      // The page's process has ended; whatever is clicked next says so.
    }
  }
  setTimeout(look, 5000);
}

async function renew(version) {
  // Whoever is in the middle of typing or choosing is not disturbed.
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

setTimeout(look, 5000);
