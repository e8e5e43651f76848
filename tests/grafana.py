"""What Grafana makes of a query before it is asked: variables and macros, as its documentation has them."""

import datetime as dt
import re


def escaped(text):
    """A text without what means something in a regular expression."""
    return re.sub(r"([\\^$.*+?()[\]{}|])", r"\\\1", text)


FORMATS = {
    "sqlstring": lambda values: ",".join("'" + each.replace("'", "''") + "'" for each in values),
    "regex": lambda values: f"({'|'.join(map(escaped, values))})",
    "doublequote": lambda values: ",".join('"' + each.replace('"', '\\"') + '"' for each in values),
    "": lambda values: values[0] if len(values) == 1 else "{" + ",".join(values) + "}",
}


def interpolated(text, variables, first, last):
    """A query with the values of variables (lists of texts), of a dashboard that shows `first` to `last`."""
    millis = {"__from": first, "__to": last}
    given = variables | {name: [str(int(at.timestamp() * 1000))] for name, at in millis.items()}
    shown = [at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (first, last)]
    text = re.sub(r"\$__timeFilter\(([^)]+)\)", rf"\1 BETWEEN '{shown[0]}' AND '{shown[1]}'", text)

    def value(found):
        name, _, form = (found[1] or found[2]).partition(":")
        return FORMATS[form](given[name])

    return re.sub(r"\$\{(\w+(?::\w+)?)\}|\$(\w+)", value, text)


def panels(document):
    """Every panel that is no row, also those in closed ones."""
    for each in document["panels"]:
        yield from each["panels"] if each["type"] == "row" else [each]


def sql_of(target):
    """The query of a target or an annotation to the history store; None if it asks another source."""
    return target.get("rawSql") or target.get("queryText") or target.get("rawQuery")
