"""What nobody should ever send, and somebody will: texts that have broken forms, encodings, templates and logs."""

# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

NASTY: tuple[str, ...] = (
    # Nothing, and what looks like nothing.
    "", " ", "\t", "\n", "\r\n", "\x00", "a\x00b", "%00", "\u00a0", "\u200b", "\u2060", "\ufeff", "\u3000", "\u2800",
    "null", "NULL", "nil", "None", "undefined", "NaN", "nan", "void", "[object Object]", "()", "{}", "[]", "[[]]",
    # Almost yes and no.
    "yes ", " yes", "Yes", "YES", "y", "on", "true", "True", "TRUE", "1", "0", "-0", "no\x00", "no ", "No", "n", "off",
    "false", "False", "none ", "None ", "NONE", "unsure ", "Unsure", "yes,no", "yes;no", "yes&no", "yes\nno", "['yes']",
    "ｙｅｓ", "уes", "y\u0301es", "ye\u200bs", "yes\u202e", "\u202eon", "not-asked", "not-answered", "not_asked",
    # Numbers.
    "-1", "1.5", "1e309", "-1e309", "1/0", "0x7f", "0b1", "٣", "½", "1_000", "9" * 400, "-" + "9" * 40, "2147483648",
    "9223372036854775808", "18446744073709551616", "1,000.00", "00", "+1", "Infinity", "-Infinity", "1e-400",
    # Markup and script.
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)", '" autofocus onfocus="alert(1)', "<svg/onload=alert(1)>", "javascript:alert(1)",
    "data:text/html,<b>x</b>", "<!--", "-->", "]]>", "<![CDATA[x]]>", "&lt;b&gt;", "&#60;b&#62;", "&amp;amp;",
    "<iframe src=//evil.example></iframe>", "<base href=//evil.example>", "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0>", "</textarea><b>x</b>", "</title><b>x</b>", "<\x00script>", "\\u003cb\\u003e",
    # Templates, shells, queries, formats, paths.
    "{{7*7}}", "{% raw %}", "{{config}}", "{{''.__class__}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0}", "{a.b}",
    "%s%s%n", "%d", "%(x)s", "$(id)", "`id`", "| id", "' OR '1'='1", "'; DROP TABLE x; --", '" OR ""="',
    "1;--", "*)(uid=*", "../../../../etc/passwd", "..\\..\\x", "/etc/passwd%00.png", "//evil.example",
    "http://evil.example/", "C:\\CON", "aux", "~root", "/dev/stdin", "=1+1", "@SUM(1)", "+1+1", "-1+1",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///x'>]>", '{"$gt": ""}', '{"__proto__": {}}', "__proto__", "constructor",
    "__class__", "__init__", "data", "errors", "csrf_token", "validate", "meta", "toString",
    # Lines for headers and logs.
    "x\r\nSet-Cookie: a=b", "x\r\n\r\n<b>", "x\nevent: done", '{"event": "request"}', "\x1b[31mred\x1b[0m", "\x07",
    "\x7f", "\x85", "\u2028", "\u2029",
    # Letters of all kinds.
    "é", "e\u0301", "ﬁ", "ß", "İ", "ı", "ǅ", "Ω≈ç√∫", "部落格", "ﷺ", "שלום", "مرحبا", "ทุ่ม", "कि",
    "👩‍👩‍👧‍👦", "🏥", "🇬🇧", "👍🏿",
    "Z̸̨͖̩͉͆̈́a̵͈͐l̴̰͘g̶͔̿o", "\u202etxet", "\u2066a\u2069", "\u200f\u200e", "\ud7ff\ue000", "\ufffe", "\uffff", "\U0010ffff",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\xff\xfe", "ÿþ", "a" + "\u0300" * 300,
    # Much.
    "x" * 1_000, "x" * 5_000, "x" * 9_000, " " * 4_000, "漢" * 2_000, "," * 3_000, "&" * 1_000, "%" * 999, "[" * 2_000,
)  # fmt: skip
"""Texts for any field, in the spirit of the lists of naughty strings; ours, and short."""
