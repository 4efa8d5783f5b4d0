"""Which words of a SHOUTED line stay in capitals when it is read in small letters: NATO, PDF, MP3, WORLD WAR II."""

import re
from functools import cache

_KNOWN = """
    ADHD ADN AFP AI AIDS AKP ANC AOL API ASAP ATM AWACS AWS BBC BCE BIOS BIP BMI BMW BND BNP BRD BSE CAD CDU CEE CEO
    CEOS CEST CET CFO CIA CMS CNN COPD COVID CPU CSS CSU CSV CT CTO CV CVS DAX DDR DIY DJ DLL DNA DNS DOI DOJ DRK
    DSL DVD ECG EDV EE EEG EEUU EKG EMS ESA ESC ETA ETF EU EUR EZB FAO FAQ FBI FC FDA FDP FEMA FIFA FM FTP
    FX GAU GDP GEZ GIF GMT
    GNU GPS GPU GSM GUI HD HDMI HIV HLM HTML HTTP HTTPS IAEA IBM ICE ID IDE IKEA ILO IMF INRI IOC IOT IP IPO IQ IRA
    IRC IRS ISBN ISDN ISO ISP ISS IT IWF JFK JPEG JPG JSON KFZ KGB KI LAN LCD LED LGBT LKW LOL LP LSD MBA MDR MIT MMS MOMA
    MP MPEG MRI MRT MTV NASA NATO NBA NBC NFL NGO NHK NHL NHS NSA NSDAP NYC OECD OK OMG ONU OPEC ORF OSZE OTAN PC PDF
    PDG PH PHP PIN PISA PKW PLZ PNG POW PR PS PVC QR RAF RAM RATP RDA RER RNA ROM RSS RTL SAP SARS SIDA SIM SMS SNCF
    SOS SPD SPQR SQL SSD SSH SSL SUV SWR TGV TLS TNT TU TV TVA UAE UCLA UDP UE UEFA UFO UHD UHF UI UK UKW UN UNESCO UNHCR
    UNICEF UNO URI URL URSS US USA USB USD USSR UTC UU UV VAT VHS VIP VPN VR VW WC WDR WHO WIFI WLAN WM WMA WTO WWF WWW
    XL XML XXL YMCA ZDF ZIP ВВП ВВС ВОЗ ДНК ЕС КГБ МГУ МИД НАТО НЛО ООН РФ СМИ СССР США ФСБ ЦРУ
"""
KNOWN = frozenset(_KNOWN.split())
"""Well-known ones that have a vowel, or end in an S that is no plural, or stand in both."""
WORDS = {
    "en": "ETA ICE IT LA LED PIN RAM SAP US WHO ZIP AM PM EM IP",
    "de": "AM ICE IM IN ROM PIN WM UM DA IST MIT",
    "fr": "UN US SI LA ON ET OU EN AU DU TU MI SIDA RAM LED AI UI EU ID",
    "es": "UN LA EN EL ES MI TU UNO SI AM AI ADN",
    "it": "UN UNO LA IN MI TU SI UE DI DA ROM AI IVA",
    "pt": "EU UM UNO LA EM SI TU AI",
    "ro": "EU UN LA AI TU",
    "nl": "ICE IN IS UI EU MIT",
    "sv": "VI EN LA TU DU",
    "da": "VI EN DU",
    "no": "VI EN LA DU",
    "tr": "ON ONU AI",
    "pl": "ID ICE TU PIN LED MI CI",
}
"""Names in capitals that are also words: these are kept only where the words beside them say so."""
DETERMINERS = frozenset({"THE", "A", "AN", "OUR", "YOUR", "MY", "THEIR"})
"""A pronoun never follows these: THE US, AN IT JOB."""
_COMPANY = """
    DEPARTMENT DEPT SUPPORT SYSTEM SYSTEMS SECURITY SECTOR COMPANY COMPANIES MANAGER MANAGERS TEAM TEAMS SPECIALIST
    SPECIALISTS INFRASTRUCTURE CONSULTANT CONSULTANTS INDUSTRY EXPERT EXPERTS EQUIPMENT SKILLS STAFF PROJECT PROJECTS
    SERVICES SOLUTIONS JOB JOBS BUDGET HELPDESK STUDENT STUDENTS ADMINISTRATOR WORKER WORKERS
"""
_COUNTRY = """
    ARMY NAVY PRESIDENT GOVERNMENT TROOPS CITIZEN CITIZENS SENATE CONGRESS DOLLAR DOLLARS EMBASSY ECONOMY MILITARY STATES
    POLICY POLICIES FOREIGN TREASURY FEDERAL DEFENSE DEFENCE SANCTIONS TARIFFS AMBASSADOR TAXPAYERS AIRLINES
    SOLDIERS OFFICIALS ELECTION ELECTIONS MARINES AUTHORITIES COURT FORCES HISTORY MARKET MARKETS PASSPORT VISA OPEN
    SENATOR CONSTITUTION SUPREME SECRETARY DIPLOMATS
"""
FOLLOWERS = {
    "IT": frozenset(_COMPANY.split()),
    "US": frozenset(_COUNTRY.split()),
    "WHO": frozenset(["DIRECTOR", "OFFICIALS", "GUIDELINES", "REPORT", "EXPERTS"]),
}
"""Nouns that make a name of the word before them."""
LEADERS = {
    "IT": re.compile(r"\b(?:WORK|WORKS|WORKED|WORKING|JOB|JOBS|CAREER|DEGREE|EXPERIENCE) IN $"),
    "LA": re.compile(r"\b(?:IN|TO|FROM|NEAR|LEAVE|LEFT|VISIT) $"),
    "US": re.compile(r"^\W*$|\b(?:(?:UK|EU|UN|CHINA|RUSSIA|CANADA|MEXICO|JAPAN|GERMANY|FRANCE) AND|NON) $"),
}
HELPERS = frozenset(["HEARING", "VISUAL", "TEACHING", "TRAINING", "LEARNING", "HE", "SHE", "IT", "WHO", "WHICH"])
"""Words behind which AIDS are things that help, or a verb, and not the disease."""
_NO_VOWEL = """
    MR MRS MS DR ST MT LTD JR SR VS HMM HM MM SHH SH PST PSST BRR GRR TSK ZZZ NTH PFFT HR FR NR STR BZW VGL HRSG MME
    MLLE MLLES MMES KM CM KG DM FT LB LBS HRS MPH MY BY FLY TRY CRY DRY SKY SHY WHY SPY PRY FRY RHYTHM MYTH GYM HYMN
    LYNX
"""
NO_VOWEL = frozenset(_NO_VOWEL.split())
"""Without a vowel, and yet no acronyms."""
ROMAN = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_UNITS = """
    ST ND RD TH S AM PM KM CM MM M KG G MG ML L H MIN MPH E ER EME ÈME
"""
UNITS = frozenset(_UNITS.split())
"""Behind a number these are read in small letters: 7TH, 5PM, 10KM."""
SLAVIC = frozenset({"cs", "sk", "sl", "hr", "sr", "bs", "mk", "bg"})


def is_acronym(word: str, before: str, after: str, code: str) -> bool:
    """Whether ``word``, of a line in capitals, is read in capitals. ``before`` and ``after`` are the line's other parts,
    ``code`` its language's. A word that is also a name (IT, US, WHO) is one where its neighbours say so.
    """
    if any(character.isdigit() for character in word):
        behind = word.lstrip("0123456789")
        return not (behind != word and behind in UNITS) and not word.isdigit()
    if len(word) == 1:
        return _is_letter(word, before, after, code)
    if word in words_too(code):
        return _is_name(word, before, after, code)
    if word == "AIDS":
        earlier = re.search(r"([^\W\d_]+)\s+$", before)
        return not (earlier and earlier[1] in HELPERS) and not re.match(r"\s+THE\b", after)
    if word in KNOWN or (len(word) > 2 and ROMAN.fullmatch(word)) or word in ("II", "IV", "VI", "IX", "XI"):
        return True
    vowels = re.search("[AEIOUYÀ-ÖØ-ÞŒĀ-ŐŪ-ŮИЕЁАОУЫЭЮЯІЇЄ]", word)
    latin = re.fullmatch("[A-ZŁŃŚŹŻČŠŽБВГДЖЗКЛМНПРСТФХЦЧШЩ]+", word)
    spoken = code in SLAVIC and re.search("[RLРЛ]", word)
    return (
        bool(latin) and not vowels and not spoken and word not in NO_VOWEL and after[:1] != "." and len(set(word)) > 1
    )


@cache
def words_too(code: str) -> frozenset[str]:
    """Acronyms that are also words in a language; "" is any language."""
    tables = WORDS.values() if not code else [WORDS.get(code, "")]
    return frozenset(" ".join(tables).split())


def is_plural(word: str, code: str) -> bool:
    """DVDS, PCS: an acronym with an s; of one that is also a word (PINS) it is that word's."""
    stem = word[:-1]
    return len(word) > 2 and word.endswith("S") and word not in KNOWN and stem in KNOWN and stem not in words_too(code)


def _is_letter(word: str, before: str, after: str, code: str) -> bool:
    """A single letter: I, and in English any but A and O (PLAN B, X-RAY); elsewhere an initial (J. S. BACH)."""
    if re.match("-MAIL", after):
        return False
    if code == "en":
        return word not in "AO" or bool(re.match(r"\.\s*[A-Z]\b\.|\. [A-Z]{2}", after))
    return after[:1] == "."


def _is_name(word: str, before: str, after: str, code: str) -> bool:
    earlier = re.search(r"([^\W\d_]+)\s+$", before)
    later = re.match(r"\s+([^\W\d_]+)", after)
    number = re.search(r"\d\s*$", before)
    if word in ("AM", "PM"):
        return word == "PM" and not number and earlier is not None and earlier[1] in DETERMINERS
    if re.match(r"-[^\W\d_]", after) or re.search(r"[^\W\d_]-$", before):
        return True
    if (
        code == "en"
        and earlier
        and earlier[1] in DETERMINERS
        and word not in ("PIN", "ZIP", "ICE", "SAP", "RAM", "LED")
    ):
        return True
    if later and later[1] in FOLLOWERS.get(word, ()):
        return True
    return word in LEADERS and bool(LEADERS[word].search(before))
