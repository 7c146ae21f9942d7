"""How texts bring a name and its value together: in settings, programs, markup, logs and sentences."""

# What people choose.
CHOSEN = "password|passwd|passwort|kennwort|contrase(?:ñ|n|ñ)a|mot[ _-]?de[ _-]?passe|passphrase|passcode|pwd"
# What programs draw.
DRAWN = (
    "secret|api[_ -]?key|access[_ -]?key|auth[_ -]?key|auth[_ -]?token|access[_ -]?token|refresh[_ -]?token|"
    "credential|private[_ -]?key|token|signing[_ -]?key|encryption[_ -]?key|master[_ -]?key|account[_ -]?key|"
    "shared[_ -]?key|storage[_ -]?key|license[_ -]?key|salt|schlüssel|clé|clave"
)
# What a name may end in and still mean the value: `secretKey`, `token_prod`, `password2`, not `token_type`.
SUFFIX = (
    "(?:s|[_.-]?(?:keys?|value|val|token|secret|base|hash|str|string|hex|b64|base64|prod|production|dev|development|"
    "staging|stage|test|testing|live|main|default|primary|secondary|current|new|old|[0-9]{1,3}))?"
)

_QUOTE = r"\\?[\"'`]"
_SPACE = r"[ \t]{0,3}"
_WAYS = (  # the first that fits counts
    rf":{_SPACE}(?:str|string){_SPACE}={_SPACE}{_QUOTE}",  # x: string = "v"
    rf"{_SPACE}(?:=>|:=|==?|:){_SPACE}(?:[|>]-?)?\n?[ \t]{{0,12}}(?:[rbuf]?{_QUOTE})?",  # x = v, "x": "v", 'x' => 'v'
    rf",{_SPACE}{_QUOTE}",  # define("x", "v")
    rf">{_QUOTE}?",  # <x>v</x>
    rf"\s{{0,3}}\{{\s{{0,6}}default{_SPACE}={_SPACE}{_QUOTE}",  # variable "x" { default = "v" }
    rf"\n[ \t-]{{0,12}}value:{_SPACE}{_QUOTE}?",  # name: x, and on the next line value: v
    rf"\svalue={_QUOTE}",  # <add key="x" value="v"/>
)
ASSIGN = rf"(?:\\?[\"'`\]]){{0,2}}(?:{'|'.join(_WAYS)})"

_OF = "for|to|of|für|zum|zur|von|de|du|del|para|pour"
_IS = "is|was|are|ist|lautet|war|est|es|era|será|sera"
# "the password is v", "das Passwort für X lautet v", "le mot de passe est v", "la contraseña es v".
SAID = (
    rf"(?:[ \t](?:{_OF})[ \t][\w .@-]{{1,24}}?)?[ \t]{{1,3}}(?:{_IS})(?: now| jetzt| ahora)?"
    rf"(?:{_SPACE}:)?[ \t]{{1,3}}{_QUOTE}?"
)
