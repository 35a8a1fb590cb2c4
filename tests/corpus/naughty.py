"""Strings that break programs which think that they know what a text is.

In the spirit of the Big List of Naughty Strings (Max Woolf, MIT licence), with what breaks lists of Chinese firms.
"""

#: Words that mean something to languages, databases and spreadsheets.
WORDS = [
    "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "true", "false", "True", "FALSE", "None",
    "hasOwnProperty", "constructor", "__proto__", "then", "\\", "\\\\", "NaN", "Infinity", "-Infinity", "INF",
    "1#INF", "N/A", "#N/A", "#REF!", "#VALUE!", "CON", "PRN", "AUX", "LPT1", "空", "无", "暂无", "测试", "\\N",
    "\\.", "EOF",
]  # fmt: skip
#: Texts that look like numbers, amounts, days or truths.
NUMBERS = [
    "0", "00", "1", "1.00", "$1.00", "1/2", "1E2", "1E02", "1E+02", "-1", "-1.00", "-$1.00", "-1/2", "-1E2",
    "1/0", "0/0", "--1", "0.00", "0..0", ".", "0.0.0", "0,00", "0,,0", ",", "0,0/0,0", "0.0/0", "1,000.00",
    "1 000.00", "1'000.00", "1.000,00", "01000", "08", "0x0", "0xffffffff", "0xabad1dea",
    "123456789012345678901234567890123456789", "1e1000", "-.", "99.999", "+86 138 0013 8000", "１２３", "٠١٢",
    "①②", "Ⅳ", "½", "³", "一百", "2027-02-30", "2027/1/5", "0000-00-00", "9999-12-31", "12:60", "24:00",
    "1.10105E+17", "4102444800", "50%", "￥100", "¥1,000.00",
]  # fmt: skip
#: Beyond letters: spaces, marks, other directions, other planes.
UNICODE = [
    "\xa0", "\u2003x", "x\u3000", "\u200b", "\u200bx", "x\ufeff", "\u2060", "\xad", "a\xadb", "\u180e", "\u2028",
    "x\u2029y", "\x85", "\u202etest\u202c", "\u202a\u202atest\u202a", "\u2067ab\u2069", "مرحبا", "עברית",
    "הָיְתָהtestالصفحات", "﷽", "ﷺ", "Ω≈ç√∫˜µ≤≥÷", "åß∂ƒ©˙∆˚¬…æ", "œ∑´®†¥¨ˆøπ“‘",
    "¡™£¢∞§¶•ªº–≠", "⅛⅜⅝⅞", "ЁЂЃЄЅІЇ", "⁰⁴⁵", "₀₁₂", "ด้้้้้็็็็็้้้้้", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞", "á", "á", "é̂̃", "Å",
    "Å", "ﬁ", "ſ", "ı", "İ", "ß", "ẞ", "ǅ", "𝐓𝐡𝐞", "Ｔｈｅ ｑｕｉｃｋ", "⒯⒣⒠", "😍", "👩🏽",
    "👨\u200d👩\u200d👧\u200d👦", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🇨🇳", "❤️",
    "0️⃣", "🀄", "\ue000", "�", "\ufffe", "\U0010ffff", "\U000e0001", "𝅗𝅥", "\x7f", "\x80", "\x01",
    "\x1b[31mred\x1b[0m", "a\x08b", "a\x0cb", "\x1f",
]  # fmt: skip
#: As they stand in Chinese lists, and in files of people whose keyboard was set to something else.
CHINESE = [
    "京东（北京）有限公司", "京东(北京)有限公司", "京东【北京】", "，。、；：？！", "“引号”‘引号’",
    "…………", "——", "·", "𠮷野家", "𪚥𪚥", "㐂", "龘龘龘", "凉", "\uf979", "㈱京东", "ｶﾞﾊﾟ", "가각", "가",
    "部落格", "社會科學院", "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀", "锟斤拷", "烫烫烫", "ä½ å¥½", "浣犲ソ",
    "二〇二七", "○", "〇", "Ⅱ期", "甲·乙", "甲•乙", "甲‧乙", "(空)", "\u3000\u3000\u3000企业",
    "企业\u3000\u3000\u3000", "企\u3000业", "企 业", "企\t业", "企\n业", "企\r\n业", "很" * 60,
]  # fmt: skip
#: What becomes a program where somebody forgets to escape.
INJECTIONS = [
    "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>", "'><svg/onload=alert(1)>", "javascript:alert(1)", "<b>fett</b>",
    "</td></tr></table>", "<!-- ", "]]>", "<![CDATA[x", "&amp;", "&#0;", "&#x27;", "1;DROP TABLE users",
    "1'; DROP TABLE users-- 1", "' OR 1=1 -- 1", "' OR '1'='1", "%", "_", "%%", "a%b_c", "\\%",
    "'; EXEC sp_x; --", "$1", "$$", "{{ 7*7 }}", "{{7*7}}", "{% debug %}", "{% load static %}", "${7*7}",
    "#{7*7}", "<%= 7*7 %>", "{0}", "{x!r}", "%s", "%d", "%(x)s", "%n%n", "%@", "$HOME", "$(touch /tmp/x)",
    "`touch /tmp/x`", "; touch /tmp/x", "| cat /etc/passwd", "../../../../etc/passwd", "/dev/null; touch /tmp/x",
    "C:\\Windows\\x", "file:///etc/passwd", "http://a/%%30%30", "<?xml version=\"1.0\"?><!DOCTYPE x>",
    "{\"a\": 1}", "[1,2]", "{1,2}", "{", "}", "a\\nb", "() { 0; }; touch /tmp/x", "jndi:ldap://x", "*)(uid=*",
    "\r\nSet-Cookie: x=1", "a,b", "a;b", "a|b", "a\tb", "\"", "\"\"", "'", "''", "a\"b\"c", "`",
]  # fmt: skip
#: What a spreadsheet would run.
FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1",
    "\r=1+1", "＝1+1", "＋1", "－1", "＠x", "=\"0012\"", "'=1+1", "'x", "-", "－", "—", "--", "+", "=", "@",
]  # fmt: skip
NAUGHTY = [*WORDS, *NUMBERS, *UNICODE, *CHINESE, *INJECTIONS, *FORMULAS]
