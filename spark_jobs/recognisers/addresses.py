"""Internet addresses that lead to somebody: not versions, sections, private ranges, masks, or addresses that everybody knows.

>>> [list(addresses_in(text)) for text in ("She wrote from 57.122.14.9.", "Version 57.122.14.9 is out.", "It is 192.168.0.7.")]
[[(15, 26)], [], []]
"""

import ipaddress
import re
from collections.abc import Iterator

from spark_jobs.recognisers.around import Span, nearest, somebodys

_V4, _V6 = r"(?:\d{1,3}\.){3}\d{1,3}", r"[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f]{1,4}"
IP = rf"{_V4}|\b{_V6}\b"
_IPS = re.compile(
    rf"(?:(?<![\w.:/^~=@-])|(?<=://)|(?<=\w@)|(?<=[a-z]=))(?:{_V4}(?![\w:]|\.\w|-\w)|{_V6}(?![\w:]|\.\w))|(?:(?<=://)|(?<=\w@)|(?<=[a-z]=)){_V4}(?!\w|\.\w)"
)
_NETWORK = re.compile(r"/(?:[0-9]|[12]\d|3[01])\b")

_ADDRESS_WORDS = re.compile(
    r"(?i)\b(?:ips?|ipv[46]|address(?:es)?|hosts?|servers?|ping(?:s|ed)?|ssh|ftp|telnet|connect(?:ion|ions|ed|s|ing)?|log(?:s|ged|ging|gen)?[ -]?(?:in|on|ins|ged)?|visitors?|dns"
    r"|networks?|subnet|gateway|remote|traffic|requests?|packets?|firewall|proxy|vpn|clients?|machine|laptop|computer|located?|locations?|trac(?:e|ed|ing)|ban(?:ned)?|block(?:ed)?"
    r"|users?|callers?|(?:c[ao]me|coming|comes|wrote|posted|arriv\w*|originat\w*|sent|mails?|joined|voted) from|adresse|dirección|endereço|indirizzo|device|online|whois|sits|https?)\b|地址|住所"
)
_VERSION_WORDS = re.compile(
    r"(?i)\b(?:versions?|ver|v|releases?d?|builds?|firmware|drivers?|librar(?:y|ies)|packages?|plug-?ins?|modules?|patch(?:ed|es)?|updat(?:e|es|ed|ing)|upgrad(?:e|es|ed|ing)"
    r"|downgrad\w*|install(?:ed|s|ing|er)?|sdk|kernel|bios|chapters?|sections?|sec|clauses?|subclauses?|paragraphs?|articles?|figures?|fig|tables?|appendix|annex|steps?|rules?|headings?|requirements?"
    r"|items?|standards?|oid|software|apps?|browsers?|chrome|chromium|firefox|safari|edge|windows|office|java|python|php|mysql|postgres\w*|changelog|tag(?:ged)?|revision|rev"
    r"|assembly|dll|nuget|npm|pip|maven|gradle|dependenc(?:y|ies)|compatible|beta|rc\d*|stable|latest|newer|older|later|and above|fix(?:es|ed)?|introduced|supports?|deprecated|exercise|theorem|lemma|definition|problem|outline)\b|§|版本|第"
)
# resolvers and anchors that are published for everybody's use
_WELL_KNOWN = frozenset(
    map(
        ipaddress.ip_address,
        (
            "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "9.9.9.9", "149.112.112.112", "9.9.9.10",
            "208.67.222.222", "208.67.220.220", "208.67.222.123", "208.67.220.123", "4.2.2.1", "4.2.2.2", "4.2.2.3", "4.2.2.4", "4.2.2.5", "4.2.2.6",
            "64.6.64.6", "64.6.65.6", "94.140.14.14", "94.140.15.15", "76.76.2.0", "76.76.10.0", "185.228.168.9", "185.228.169.9", "77.88.8.8", "77.88.8.1",
            "114.114.114.114", "223.5.5.5", "223.6.6.6", "119.29.29.29", "180.76.76.76", "84.200.69.80", "8.26.56.26", "8.20.247.20", "156.154.70.1",
            "2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9", "2620:119:35::35",
        ),
    )
)  # fmt: skip
# kept free for documentation (RFC 5737, 3849, 9637)
_FOR_EXAMPLES = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"))
)
_SMALL = 32  # versions and sections have small numbers; of addresses one in four thousand has four of them


def addresses_in(text: str) -> Iterator[Span]:
    """From where to where an address that leads to somebody stands in the text, for each there is."""
    return (found.span() for found in _IPS.finditer(text) if _leads_to_somebody(text, found))


def _leads_to_somebody(text: str, found: re.Match[str]) -> bool:
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return False
    if any(address.version == kept.version and address in kept for kept in _FOR_EXAMPLES):
        return somebodys(text, found.start(), found.end())
    if not address.is_global or address.is_multicast or address in _WELL_KNOWN or _NETWORK.match(text, found.end()):
        return False
    if address.version == 6:
        # two hexadecimal words around `::` are an address too, but in code they name things
        return len(re.findall(r"\w+", found[0])) > 2
    if found[0].endswith((".0", ".255")):
        return False
    told = nearest(text, found.start(), found.end(), _ADDRESS_WORDS, _VERSION_WORDS)
    return told > 0 or (told == 0 and max(map(int, found[0].split("."))) >= _SMALL)
