"""Letters of other alphabets that look like Latin ones.

The table is written by hand from the idea of Unicode Technical Standard 39 (confusable characters), reduced to what
stands for one ASCII character and survives compatibility normalisation. Each row is a Latin character and its
look-alikes. Accented Latin letters are not listed: `core.fold.skeleton` finds their base by decomposition.
"""

ROWS = (
    # Cyrillic, Greek, Armenian, Cherokee, phonetic and other letters, by the Latin letter a reader would see.
    ("A", "АΑᎪꓮ₳ᗩȺ"),
    ("B", "ВΒᏴꓐ฿ᗷɃ"),
    ("C", "СᏟꓚ₵ᑕȻ"),
    ("D", "ᎠꓓÐĐᗪ"),
    ("E", "ЕΕᎬꓰɆ"),
    ("F", "ϜꓝҒ₣ᖴ"),
    ("G", "ԌᏀꓖ₲Ǥ"),
    ("H", "НΗᎻꓧⱧᕼĦ"),
    ("I", "ІΙӀꓲƗ"),
    ("J", "ЈͿᎫꓙᒍɈ"),
    ("K", "КΚᏦꓗ₭Ꝁ"),
    ("L", "ᏞꓡŁⱠᒪ"),
    ("M", "МΜᎷꓟ₥ᗰ"),
    ("N", "Νꓠ₦ᑎ"),
    ("O", "ОΟՕꓳØ"),
    ("P", "РΡᏢꓑ₱ᑭⱣ"),
    ("Q", "ԚᑫꝖ"),
    ("R", "ᎡᏒꓣⱤᖇɌ"),
    ("S", "ЅՏᏚꓢ₴"),
    ("T", "ТΤᎢꓔ₮Ŧ"),
    ("U", "ՍꓴɄᑌᵾ"),
    ("V", "ѴᏙꓦᐯ"),
    ("W", "ԜᎳꓪ₩ᗯ"),
    ("X", "ХΧꓫӾ᙭"),
    ("Y", "УΥҮꓬɎ"),
    ("Z", "ΖᏃꓜⱫᘔƵ"),
    ("a", "аαɑᴀᏗⱥ"),
    ("b", "ЬƄʙᏰɮɓცƀ"),
    ("c", "сᴄፈƈȼ"),
    ("d", "ԁɗđᴅᎴɖ"),
    ("e", "еєҽᴇεɛᏋɇ"),
    ("f", "ƒքꜰᎦʄ"),
    ("g", "ɡցɢᎶɠǥ"),
    ("h", "һհʜᏂɦɧħ"),
    ("i", "іιıɩɪᎥɨ"),
    ("j", "јϳᏠʝɉ"),
    ("k", "кκᴋӄƙꝁ"),
    ("l", "ӏłɫʟᏝƖ"),
    ("m", "мᴍʍɱ"),
    ("n", "пոηɴᏁռŋ"),
    ("o", "оοσօᴏøᎧ"),
    ("p", "рρᴘᎮƥ℘ᵽ"),
    ("q", "ԛգꞯǫᎤզʠꝗ"),
    ("r", "гᴦʀཞɍ"),
    ("s", "ѕꜱᏕֆʂ"),
    ("t", "тτᴛᏖȶƭɬŧ"),
    ("u", "υսᴜʋμᏬʊʉ"),
    ("v", "ѵνᴠᏉ"),
    ("w", "ԝωᴡᏇա"),
    ("x", "хχጀӼҳ"),
    ("y", "уүγʏᎩყɏ"),
    ("z", "ᴢʐፚʑƶ"),
    ("3", "ЗӠ"),
    ("-", "‐‒–—−"),
    ("'", "‘’ʼ"),
    ('"', "“”"),
    ("/", "⁄∕"),
    (":", "ː։∶"),
    (".", "。"),
)

# Regional indicators (which spell flags) and the white letters in black circles and squares, each in the order A to Z.
_ALPHABETS = (0x1F1E6, 0x1F150, 0x1F170)

LATIN = {ord(other): latin for latin, others in ROWS for other in others} | {
    first + index: chr(ord("a") + index) for first in _ALPHABETS for index in range(26)
}
"""Code point -> the ASCII character it looks like."""
