"""English names of time zones, as Java prints them: `EST` and `Eastern Standard Time`.

Of zones without an abbreviation of letters only those of many people have a long name here.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_LONG = {
    "ACDT": "Australian Central Daylight Time",
    "ACST": "Australian Central Standard Time",
    "ADT": "Atlantic Daylight Time",
    "AEDT": "Australian Eastern Daylight Time",
    "AEST": "Australian Eastern Standard Time",
    "AKDT": "Alaska Daylight Time",
    "AKST": "Alaska Standard Time",
    "AST": "Atlantic Standard Time",
    "AWST": "Australian Western Standard Time",
    "BST": "British Summer Time",
    "CAT": "Central Africa Time",
    "CDT": "Central Daylight Time",
    "CEST": "Central European Summer Time",
    "CET": "Central European Standard Time",
    "CST": "Central Standard Time",
    "ChST": "Chamorro Standard Time",
    "EAT": "East Africa Time",
    "EDT": "Eastern Daylight Time",
    "EEST": "Eastern European Summer Time",
    "EET": "Eastern European Standard Time",
    "EST": "Eastern Standard Time",
    "GMT": "Greenwich Mean Time",
    "HDT": "Hawaii-Aleutian Daylight Time",
    "HKT": "Hong Kong Standard Time",
    "HST": "Hawaii-Aleutian Standard Time",
    "IDT": "Israel Daylight Time",
    "IST": "India Standard Time",
    "JST": "Japan Standard Time",
    "KST": "Korean Standard Time",
    "MDT": "Mountain Daylight Time",
    "MSK": "Moscow Standard Time",
    "MST": "Mountain Standard Time",
    "NDT": "Newfoundland Daylight Time",
    "NST": "Newfoundland Standard Time",
    "NZDT": "New Zealand Daylight Time",
    "NZST": "New Zealand Standard Time",
    "PDT": "Pacific Daylight Time",
    "PKT": "Pakistan Standard Time",
    "PST": "Pacific Standard Time",
    "SAST": "South Africa Standard Time",
    "SST": "American Samoa Standard Time",
    "UTC": "Coordinated Universal Time",
    "WAT": "West Africa Standard Time",
    "WEST": "Western European Summer Time",
    "WET": "Western European Standard Time",
    "WIB": "Western Indonesia Time",
    "WIT": "Eastern Indonesia Time",
    "WITA": "Central Indonesia Time",
}
_ELSEWHERE = {
    ("America/Argentina/Buenos_Aires", "-03"): "Argentina Standard Time",
    ("America/Bogota", "-05"): "Colombia Standard Time",
    ("America/Caracas", "-04"): "Venezuela Time",
    ("America/Dawson", "MST"): "Yukon Time",
    ("America/Havana", "CDT"): "Cuba Daylight Time",
    ("America/Havana", "CST"): "Cuba Standard Time",
    ("America/Hermosillo", "MST"): "Mexican Pacific Standard Time",
    ("America/Lima", "-05"): "Peru Standard Time",
    ("America/Mazatlan", "MST"): "Mexican Pacific Standard Time",
    ("America/Santiago", "-03"): "Chile Summer Time",
    ("America/Santiago", "-04"): "Chile Standard Time",
    ("America/Sao_Paulo", "-03"): "Brasilia Standard Time",
    ("America/Whitehorse", "MST"): "Yukon Time",
    ("Asia/Almaty", "+05"): "Kazakhstan Time",
    ("Asia/Bangkok", "+07"): "Indochina Time",
    ("Asia/Chongqing", "CST"): "China Standard Time",
    ("Asia/Chungking", "CST"): "China Standard Time",
    ("Asia/Dhaka", "+06"): "Bangladesh Standard Time",
    ("Asia/Dubai", "+04"): "Gulf Standard Time",
    ("Asia/Famagusta", "EEST"): "Famagusta Daylight Time",
    ("Asia/Famagusta", "EET"): "Famagusta Standard Time",
    ("Asia/Harbin", "CST"): "China Standard Time",
    ("Asia/Ho_Chi_Minh", "+07"): "Indochina Time",
    ("Asia/Jerusalem", "IST"): "Israel Standard Time",
    ("Asia/Kathmandu", "+0545"): "Nepal Time",
    ("Asia/Macao", "CST"): "China Standard Time",
    ("Asia/Macau", "CST"): "China Standard Time",
    ("Asia/Manila", "PST"): "Philippine Standard Time",
    ("Asia/Riyadh", "+03"): "Arabian Standard Time",
    ("Asia/Shanghai", "CST"): "China Standard Time",
    ("Asia/Singapore", "+08"): "Singapore Standard Time",
    ("Asia/Taipei", "CST"): "Taiwan Standard Time",
    ("Asia/Tashkent", "+05"): "Uzbekistan Standard Time",
    ("Asia/Tehran", "+0330"): "Iran Standard Time",
    ("Asia/Tel_Aviv", "IST"): "Israel Standard Time",
    ("Asia/Vladivostok", "+10"): "Vladivostok Standard Time",
    ("Atlantic/Azores", "+00"): "Azores Summer Time",
    ("Atlantic/Azores", "-01"): "Azores Standard Time",
    ("Europe/Dublin", "IST"): "Irish Standard Time",
    ("Europe/Istanbul", "+03"): "Istanbul Standard Time",
    ("Europe/Kirov", "MSK"): "Kirov Standard Time",
    ("Europe/Volgograd", "MSK"): "Volgograd Standard Time",
    ("Pacific/Apia", "+13"): "Samoa Standard Time",
}


def zone_name(zone: str, clock: datetime, *, long: bool) -> str:
    """The name of a zone at a wall clock: an abbreviation, or `GMT-03:00` where it has none of letters."""
    abbreviation = clock.replace(tzinfo=ZoneInfo(zone)).tzname() or zone
    name = _ELSEWHERE.get((zone, abbreviation)) or _LONG.get(abbreviation)
    if long and name:
        return name
    if abbreviation[0] not in "+-":
        return abbreviation
    hours, minutes = abbreviation[:3], abbreviation[3:] or "00"
    return "GMT" if (hours[1:], minutes) == ("00", "00") else f"GMT{hours}:{minutes}"
