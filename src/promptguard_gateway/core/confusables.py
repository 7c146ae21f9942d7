"""Letters of other alphabets that look like Latin ones.

The table is written by hand from the idea of Unicode Technical Standard 39 (confusable characters), reduced to what
stands for one ASCII character and survives compatibility normalisation. Each row is a Latin character and its
look-alikes. Accented Latin letters are not listed: `core.fold.skeleton` finds their base by decomposition.
"""

ROWS = (
    # Cyrillic, Greek, Armenian, Cherokee, phonetic and other letters, by the Latin letter a reader would see.
    ("A", "АΑᎪꓮ"),
    ("B", "ВΒᏴꓐ"),
    ("C", "СᏟꓚ"),
    ("D", "ᎠꓓÐĐ"),
    ("E", "ЕΕᎬꓰ"),
    ("F", "ϜꓝҒ"),
    ("G", "ԌᏀꓖ"),
    ("H", "НΗᎻꓧ"),
    ("I", "ІΙӀꓲ"),
    ("J", "ЈͿᎫꓙ"),
    ("K", "КΚᏦꓗ"),
    ("L", "ᏞꓡŁ"),
    ("M", "МΜᎷꓟ"),
    ("N", "Νꓠ"),
    ("O", "ОΟՕꓳØ"),
    ("P", "РΡᏢꓑ"),
    ("Q", "Ԛ"),
    ("R", "ᎡᏒꓣ"),
    ("S", "ЅՏᏚꓢ"),
    ("T", "ТΤᎢꓔ"),
    ("U", "Սꓴ"),
    ("V", "ѴᏙꓦ"),
    ("W", "ԜᎳꓪ"),
    ("X", "ХΧꓫ"),
    ("Y", "УΥҮꓬ"),
    ("Z", "ΖᏃꓜ"),
    ("a", "аαɑᴀ"),
    ("b", "ЬƄʙ"),
    ("c", "сᴄ"),
    ("d", "ԁɗđᴅ"),
    ("e", "еєҽᴇεɛ"),
    ("f", "ƒքꜰ"),
    ("g", "ɡցɢ"),
    ("h", "һհʜ"),
    ("i", "іιıɩɪ"),
    ("j", "јϳ"),
    ("k", "кκᴋ"),
    ("l", "ӏłɫʟ"),
    ("m", "мᴍ"),
    ("n", "пոηɴ"),
    ("o", "оοσօᴏø"),
    ("p", "рρᴘ"),
    ("q", "ԛգꞯǫ"),
    ("r", "гᴦʀ"),
    ("s", "ѕꜱ"),
    ("t", "тτᴛ"),
    ("u", "υսᴜʋμ"),
    ("v", "ѵνᴠ"),
    ("w", "ԝωᴡ"),
    ("x", "хχ"),
    ("y", "уүγʏ"),
    ("z", "ᴢʐ"),
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
