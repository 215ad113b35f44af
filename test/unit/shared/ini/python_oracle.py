"""The oracle: what Python's own ConfigParser says of each file. One base64 line in, one JSON line out."""
import base64, configparser, io, json, sys


def values(parser, section):
    found = []
    for key in parser.defaults() if section == parser.default_section else parser.options(section):
        try:
            found.append([key, {"text": parser.get(section, key)}])
        except configparser.InterpolationError as error:
            found.append([key, {"error": type(error).__name__}])
    return found


def read(data):
    parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig"))
    except configparser.Error as error:
        return {"error": type(error).__name__}
    return {"sections": [[name, values(parser, name)] for name in ["DEFAULT", *parser.sections()]]}


for line in sys.stdin:
    print(json.dumps(read(base64.b64decode(line))))
