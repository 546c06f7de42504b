"""Names that messengers, systems and cameras give files: received, taken of a screen, or a camera's own. Pure.

A name is a hint that anybody can change, so it only ever reduces trust: a file with a messenger's name waits for a
person whatever else is in it, and a person is asked about a file with a camera's name.
"""

import re
import unicodedata

_MESSENGERS: tuple[tuple[str, str], ...] = (
    ("WhatsApp", r"(?:img|vid|aud|doc|stk|gif)-\d{8}-wa\d+|whatsapp\b|\d{8}-[a-z]{3,9}-\d{4}-\d\d-\d\d-"),
    ("Signal", r"signal[- _]"),
    ("Telegram", r"(?:photo|video|animation|document|file)_(?:\d{4}-\d\d-\d\d[ _]\d\d[-.]\d\d[-.]\d\d|\d+@\d\d-)"),
    ("Telegram", r"telegram|(?:photo|video|document)_\d{15,}_[a-z]"),
    ("Snapchat", r"snapchat|snap-\d|\d{4}-\d\d-\d\d_[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}-(?:main|overlay)"),
    ("Facebook", r"fb_(?:img|vid)|facebook|\d{5,}_\d{5,}_\d{5,}_[a-z](?!\w)"),
    ("Messenger", r"received_|messenger"),
    ("Instagram", r"instagram|insta(?:save)?_|ig_\d|[\w.]+_\d{9,}_\d{15,}_\d{6,}"),
    ("WeChat", r"mmexport|wx_camera_|weixin|wechat|微信"),
    ("Viber", r"viber|img-[0-9a-f]{16,}-v(?!\w)|0-02-\w\w-[0-9a-f]{16,}"),
    ("LINE", r"line_(?:album|movie|p?\d)"),
    ("KakaoTalk", r"kakaotalk"),
    ("QQ", r"qq(?:图片|视频|空间)?\d"),
    ("Skype", r"skype"),
    ("Threema", r"threema"),
    ("Teams", r"teams[-_ ]"),
    ("Discord", r"discord"),
    ("Slack", r"slack for |image from ios"),
    ("Zalo", r"z\d{10,}_[0-9a-f]{16,}"),
    ("TikTok", r"tiktok|ssstik|snaptik"),
    ("BeReal", r"bereal"),
    ("Twitter", r"twitter|twimg"),
)  # fmt: skip
"""A messenger, and the beginning of the names that it gives."""

_NAMED = (
    ("WhatsApp", r"whatsapp|(?:img|vid|aud|doc|stk|gif)-\d{8}-wa\d+"), ("Telegram", r"telegram"),
    ("Snapchat", r"snapchat"), ("Facebook", r"facebook|fb_(?:img|vid)_\d"), ("Messenger", r"received_\d{6,}"),
    ("Instagram", r"instagram"), ("WeChat", r"mmexport\d|wechat|weixin|微信"), ("Viber", r"viber"),
    ("KakaoTalk", r"kakaotalk"), ("TikTok", r"tiktok"), ("Signal", r"signal-(?:\d{4}-|attachment)"),
    ("Threema", r"threema"), ("Instagram", r"snapinsta|instasave|saveinsta"), ("TikTok", r"snaptik"),
    ("Messages", r"messages-image"),
)  # fmt: skip
"""Messengers whose names are unique, wherever they are in a file's name: languages put other words first (“Imagen de
WhatsApp …”), people and systems “Copy of”."""

_COPY = re.compile(
    r"(?:(?:a )?copy(?: \(?\d+\)?)? of|kopie (?:von|van)|copie d[e’']|c[oó]pia d[eio]|kopia|kopi a[vf]|копия|\(\d+\))"
    r"[-_ ]+"
)
"""What systems put before the name of a copy."""

_DOWNLOADED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=\D*\d)[0-9a-f]{16,}|\d{12,}"
    r"|(?:unnamed|download|downloaded|attachment|inbound|image|images|photo|video|videoplayback|file|unknown|anhang"
    r"|bild|media|original|maxresdefault|hqdefault|large|small|thumbnail|preview)"
    r"[- _]?\d{0,4}(?:[ _-]?\(\d+\)|[-_]\d+)?",
    re.ASCII,
)
"""Names of downloads and attachments, which say nothing of their own: a number, a UUID, `image (3)`."""

_SCREENS = re.compile(
    "|".join((
        r"screen[-_ ]?(?:shot|cap|cast|rec|grab|_?\d)", r"scr(?:een)?_\d", r"screenrecord", r"rpreplay", r"svid_\d",
        r"xrecorder", r"mobizen", r"az_?rec", r"simplescreenrecorder", r"scrot", r"spectacle", r"flameshot",
        r"greenshot", r"sharex", r"smartselect", r"capture\+", r"cleanshot", r"monosnap", r"lightshot", r"gyazo",
        r"scr?n?shot", r"zoom_\d", r"gmt\d{8}-\d{6}_recording", r"recording \d{4}", r"aufzeichnung \d{4}",
        r"snip(?:ping|aste)?[-_ ]", r"kazam", r"peek \d",
        r"record_\d{4}-\d\d-\d\d-", r"screenfloat", r"print ?screen",
        r"bildschirm(?:foto|aufnahme|video|aufzeichnung|kopie)", r"capture d[’' ]?[ée]cran",
        r"captura de (?:pantalla|ecr[ãa]|tela)", r"enregistrement de l[’' ][ée]cran",
        r"grabaci[óo]n de (?:la )?pantalla", r"grava[çc][ãa]o d[eo] (?:ecr[ãa]|tela)",
        r"scherm(?:afbeelding|afdruk|opname|ata)", r"istantanea schermo", r"registrazione (?:dello )?schermo",
        r"cattura(?: di)? schermo", r"sk[äa]rm(?:avbild|bild|klipp|dump|inspelning)", r"skjerm(?:bilde|dump|opptak)",
        r"sk[æa]rm(?:billede|optagelse)", r"n[äa]ytt[öo](?:kuva|tallenne)", r"kuvakaappaus", r"zrzut ekranu",
        r"nagranie (?:z )?ekranu", r"sn[íi]m(?:ek|ka) obrazovky", r"z[áa]znam obrazovky",
        r"k[ée]perny[őo](?:fot[óo]|k[ée]p|felv[ée]tel)",
        r"ekran (?:resmi|g[öo]r[üu]nt[üu]s[üu]|al[ıi]nt[ıi]s[ıi]|kayd[ıi])", r"снимок экрана", r"скриншот",
        r"запись экрана", r"знімок екрана", r"запис екрана", r"екранна снимка", r"στιγμι[όο]τυπο",
        r"captur[ăa] de ecran", r"snimk?a zaslona", r"posnetek zaslona", r"ekraanit[õo]mmis",
        r"ekr[āa]nuz[ņn][ēe]mums", r"ekrano nuotrauka", r"tangkapan layar", r"ảnh chụp màn hình", r"ภาพหน้าจอ",
        r"スクリーン(?:ショット|録画)", r"画面(?:収録|録画)", r"屏幕(?:截图|快照|录制)",
        r"截[屏图圖]", r"录屏", r"螢幕(?:截圖|快照|錄製)", r"스크린샷",
        r"화면 (?:기록|녹화|캡처)", r"لقطة (?:ال)?شاشة", r"צילום מסך", r"снимка на екрана", r"снимак екрана",
        r"ekr[āa]na (?:uz[ņn][ēe]mums|att[ēe]ls)", r"स्क्रीनशॉट", r"tangkap(?:an)? (?:skrin|layar)",
        r"pantaila[- ](?:argazkia|irudia)", r"sgrinlun", r"skj[áa](?:mynd|skot)", r"skermskoot", r"نماگرفت",
    ))
)  # fmt: skip
"""What systems call a screenshot or a recording of the screen, by language (English, German, French, …)."""

_SCANS = re.compile(
    r"(?:(?:(?:adobe|cam|clear|doc|genius|hp|note|quick|smart|swift|tiny|turbo|simple)[-_ ]?)?"
    r"scan(?:s|ned|ner|bot|snap)?|(?:microsoft|office)[-_ ]?lens)"
    r"(?:[-_ ](?:doc(?:ument)?s?|image|page)s?)?(?![^\W\d_]).*"
    r"|(?:gescannt|escan(?:eado)?|num[ée]risation|scansione)[-_ \d.].*"
)
"""Names that scanners and programs for scanning with a phone give."""

_COUNTED = re.compile(
    r"(?:img|dsc[nf]?|_dsc|_mg|_img|_[a-z0-9]{2,4}|pict|p|pa|imgp|_igp|sdim|sam|cimg|dji|gopr?|gp|gh|gx|gs|mvi|mov|vid"
    r"|pxl|mvimg|pano|burst|hpim|kif|rimg|r|l|100|cam|rcnx|im|pic|stb)[-_ ]?[eo]?\d{4,}(?:[-_ .~]\w{1,12}){0,3}"
    r"(?: ?\(\d+\))?|\d{3}[-_]\d{4}|[a-z]\d{7}|\d{3}[a-z]{4}\d{4}",
    re.ASCII,
)
"""Cameras count on after a few letters of their own (DCF 2.0, 3.2.3): `IMG_0042`, `P1010001`, `100_0042`."""

_FOLDERS = re.compile(
    r"(?P<screen>screen ?shots?|screen ?recordings?|screencasts|bildschirmfotos|captures d.[ée]cran"
    r"|capturas de pantalla)|(?P<WhatsApp>whatsapp(?: (?:business )?(?:images|video|animated gifs))?)"
    r"|(?P<Telegram>telegram(?: (?:images|video|desktop))?)|(?P<Snapchat>snapchat)|(?P<Instagram>instagram)"
    r"|(?P<Facebook>facebook)|(?P<Messenger>messenger)|(?P<Viber>viber(?: (?:images|videos))?)"
    r"|(?P<WeChat>weixin|wechat)|(?P<Signal>signal)"
)
"""Folders in which phones store such pictures; a picture may have been copied together with its folder."""

_IN_A_TEXT = re.compile(
    r"\b(whatsapp|telegram|snapchat|facebook|instagram|wechat|viber|messenger|tiktok)\b", re.IGNORECASE
)


def messenger(name: str, folder: str) -> str | None:
    """The messenger that gives such names, or that owns this folder."""
    plain = _original(name)
    for who, pattern in _MESSENGERS:
        if re.match(pattern, plain):
            return who
    for who, pattern in _NAMED:
        if re.search(rf"(?<![^\W\d_])(?:{pattern})(?![^\W\d_])", plain):
            return who
    in_folder = _FOLDERS.fullmatch(_plain(folder))
    return None if in_folder is None or in_folder.lastgroup == "screen" else in_folder.lastgroup


def downloaded(stem: str) -> bool:
    """Whether a name (without its ending) is typical of downloads and attachments."""
    return _DOWNLOADED.fullmatch(_original(stem)) is not None


def of_a_screen(name: str, folder: str) -> bool:
    """Whether a system gives screenshots or screen recordings such a name, or stores them in such a folder."""
    in_folder = _FOLDERS.fullmatch(_plain(folder))
    return _SCREENS.match(_original(name)) is not None or (in_folder is not None and in_folder.lastgroup == "screen")


def of_a_scanner(name: str) -> bool:
    """Whether scanners, or phones that scan a paper, give such names."""
    return _SCANS.fullmatch(_original(name)) is not None


def counted(stem: str) -> bool:
    """Whether cameras give their files such names."""
    return _COUNTED.fullmatch(_plain(stem)) is not None


def named_in(text: str | None) -> str | None:
    """The messenger that is named in a text that a program left in a file."""
    found = _IN_A_TEXT.search(text or "")
    return (
        None
        if found is None
        else found[1]
        .capitalize()
        .replace("Whatsapp", "WhatsApp")
        .replace("Wechat", "WeChat")
        .replace("Tiktok", "TikTok")
    )


def _original(name: str) -> str:
    """The name in plain letters, as it was before somebody copied the file."""
    return _COPY.sub("", _plain(name), count=1) if _COPY.match(_plain(name)) else _plain(name)


def _plain(name: str) -> str:
    """In one form of letters and accents, whatever the system wrote, and in lower case."""
    return unicodedata.normalize("NFC", name).casefold().strip()
