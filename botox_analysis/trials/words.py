"""Words of other files for the tables, columns, truth values and severities of the layout.

References
----------
CDISC Analysis Data Model Implementation Guide 1.3, sections 3.2 and 3.3. CDISC Study Data Tabulation Model Implementation
Guide 3.4, section 6.2.1.
"""

from __future__ import annotations

import re
import unicodedata

FILES = {
    "subjects": ("subjects", "subject", "patients", "patient", "participants", "demographics", "demography", "demog",
                 "dm", "adsl", "randomisation", "randomization", "probanden", "patienten"),
    "diary": ("diary", "diaries", "headachediary", "ediary", "daily", "calendar", "tagebuch", "journal"),
    "assessments": ("assessments", "assessment", "scores", "questionnaires", "questionnaire", "scales", "qs", "adqs",
                    "outcomes", "efficacy", "adeff", "visits", "ratings", "proms", "fragebogen"),
    "adverse_events": ("adverseevents", "adverseevent", "adverse", "ae", "aes", "adae", "sideeffects", "nebenwirkungen",
                       "teae"),
    "intercurrent_events": ("intercurrentevents", "intercurrent", "ice", "ices", "rescue", "deviations", "events"),
    "attacks": ("attacks", "attack", "headaches", "headacheattacks", "migraines", "migraineattacks", "episodes", "attacken"),
    "treatments": ("treatments", "treatment", "injections", "injection", "ex", "exposure", "dosing", "adex", "ec",
                   "behandlungen", "injektionen"),
    "event_times": ("eventtimes", "timetoevent", "adtte", "tte", "survival"),
}  # fmt: skip
"""Names of files of each table, letters and digits only."""

_DESCRIBED: dict[str, tuple[str, ...]] = {
    "peak": ("peakintensity", "maxpain", "painscore", "nrs", "vas", "painrating"),
    "unilateral": ("onesided", "einseitig"), "pulsating": ("throbbing", "pulsierend"),
    "aggravated": ("aggravatedbyactivity", "worsebyactivity", "activity"),
    "nausea": ("ubelkeit",), "vomiting": ("erbrechen",), "photophobia": ("lightsensitivity", "lichtscheu"),
    "phonophobia": ("soundsensitivity", "noisesensitivity", "larmscheu"),
    "aura_minutes": ("auraduration", "auramin"),
    "triptans": ("triptan", "triptandoses"), "ergots": ("ergot", "ergotamine", "ergotamines"), "opioids": ("opioid", "opiates"),
    "combination_analgesics": ("combinationanalgesic", "combinations"), "paracetamol": ("acetaminophen",),
    "aspirin": ("acetylsalicylicacid", "asa", "ass"), "nsaids": ("nsaid", "nsar"),
    "simple_analgesics": ("simpleanalgesic", "analgesics"),
}  # fmt: skip
"""Names of the columns that describe a day or an attack."""

OF_MINUTES = re.compile(
    r"(?=.*(?:headache|migraine|duration|dauer|kopfschmerz|(?<![a-z])ha(?![a-z])))(?!.*aura)"
    r".*(?<![a-z])(?:min|mins|minutes?|minuten)(?![a-z])",
    re.IGNORECASE | re.DOTALL,
)
"""Names of durations of headache in minutes: they are no hours."""

COLUMNS = {
    "subjects": {
        "subject": ("usubjid", "subjid", "subjectid", "subjectno", "subjectnumber", "subj", "id", "patient", "patientid",
                    "patientno", "patid", "pid", "participant", "participantid", "ptid", "recordid", "probandid",
                    "patientennummer", "patnr", "patno", "ptno", "patientnumber", "pat"),
        "arm": ("trt01p", "arm", "trtp", "treatment", "treatmentgroup", "treatmentarm", "studyarm", "group", "trt", "treat",
                "allocation", "grp", "randomisedarm", "plannedarm", "armcd", "gruppe", "behandlung", "groupe",
                "randomisedto", "randomizedto", "assignedto", "randarm", "randgroup"),
        "actual_arm": ("trt01a", "actarm", "trta", "actualtreatment", "actualarm", "treatmentreceived", "received"),
        "itt": ("ittfl", "intenttotreat", "intentiontotreat", "fasfl", "fas", "fullanalysisset"),
        "safety": ("saffl", "safetyfl", "safetyset", "safetypopulation", "safpop"),
        "per_protocol": ("pprotfl", "ppfl", "ppsfl", "pp", "perprotocol", "perprotocolset"),
        "completed": ("complfl", "completer", "complete", "completedstudy", "eosstt", "studycompleted", "abgeschlossen"),
        "discontinuation_reason": ("dcsreas", "dcreas", "dropoutreason", "withdrawalreason", "reasonfordiscontinuation",
                                   "discontinuationreason", "reasonforwithdrawal", "abbruchgrund"),
        "last_day": ("eosdy", "lastday", "lastvisitday", "lstdy"),
        "last_date": ("eosdt", "lastdate", "lastvisitdate", "lstdt", "lastcontactdate"),
        "last_dose_day": ("trtedy", "lastdoseday"),
        "last_dose_date": ("trtedt", "lastdosedate", "lastinjectiondate", "lasttreatmentdate"),
        "first_dose_date": ("trtsdt", "firstdosedate", "firstinjectiondate", "firsttreatmentdate", "treatmentstartdate",
                            "rfstdtc", "rfxstdtc", "day1date", "injectiondate", "erstebehandlung", "datederandomisation",
                            "dateoffirstinjection", "dateoffirstdose", "dateoffirsttreatment", "ersteinjektion",
                            "erstinjektion"),
    },
    "diary": {
        "subject": (), "day": ("studyday", "diaryday", "ady", "dy", "dday", "tag", "studientag", "time"),
        "date": ("diarydate", "entrydate", "adt", "datum", "calendardate", "dtc", "qsdtc"),
        "headache_hours": ("hours", "headacheduration", "durationhours", "durationh", "hoursofheadache", "hahours", "duration",
                           "hoursheadache", "stunden", "kopfschmerzstunden", "hadur", "dauer", "dauerh",
                           "dauerstunden", "kopfschmerzdauer", "headachedur"),
        "headache": ("headacheday", "headacheyn", "hadheadache", "ha", "hayn", "headacheflag", "kopfschmerz", "kopfschmerzen"),
        "severity": ("maxseverity", "intensity", "painintensity", "sev", "maxintensity", "staerke", "starke", "intensitat",
                     "headachesev"),
        "migraine": ("migraineday", "migraineyn", "mig", "migraineflag", "migrane"),
        "acute_medication": ("acutemed", "acutemeds", "acutemedicationdoses", "doses", "meds", "nmeds", "rescuemedication",
                             "painkillers", "medikamente", "akutmedikation"),
        **_DESCRIBED,
    },
    "assessments": {
        "subject": (), "scale": ("param", "paramcd", "questionnaire", "instrument", "qstest", "test", "measure",
                                 "parameter", "skala"),
        "visit": ("avisit", "visitname", "timepoint", "week", "month", "visitnum", "avisitn", "visitno", "visite", "zeitpunkt",
                  "monat"),
        "value": ("aval", "score", "result", "qsstresn", "total", "totalscore", "rating", "wert", "punkte", "valeur"),
        "day": ("ady", "studyday", "visitday", "qsdy", "tag"), "date": ("adt", "visitdate", "assessmentdate", "qsdtc", "datum"),
        "days_recorded": ("recordeddays", "diarydays", "daysrecorded", "ndays", "tagedokumentiert",
                          "dokumentiertetage"),
    },
    "adverse_events": {
        "subject": (), "term": ("aedecod", "preferredterm", "aeterm", "pt", "event", "adverseevent", "ae", "ereignis",
                                "description", "nebenwirkung"),
        "class": ("aebodsys", "aesoc", "soc", "systemorganclass", "bodysystem", "organclass"),
        "onset_day": ("astdy", "aestdy", "startday", "onset"), "onset_date": ("astdt", "aestdtc", "startdate", "beginn",
                                                                              "onset"),
        "end_day": ("aendy", "aeendy", "stopday", "resolutionday"),
        "end_date": ("aendt", "aeendtc", "stopdate", "resolutiondate", "ende"),
        "severity": ("aesev", "sev", "intensity", "aetoxgr", "grade", "schweregrad"),
        "related": ("aerel", "areln", "arelation", "relationship", "relation", "causality", "relatedness", "drugrelated",
                    "zusammenhang", "kausalitat"),
        "serious": ("aeser", "sae", "seriousevent", "schwerwiegend"),
        "led_to_discontinuation": ("aedisc", "leddiscontinuation", "discontinued", "ledtowithdrawal", "withdrawn"),
        "fatal": ("aesdth", "death", "died"), "treatment_emergent": ("trtemfl", "teae", "treatmentemergentflag"),
        "action": ("aeacn", "actiontaken"),
    },
    "intercurrent_events": {
        "subject": (), "kind": ("event", "type", "eventtype", "ice", "icetype", "description", "category", "deviation"),
        "day": ("studyday", "eventday", "icedy", "astdy", "startday"), "date": ("eventdate", "icedt", "startdate",
                                                                                "astdt", "datum"),
    },
    "attacks": {
        "subject": (), "start": ("starttime", "startdatetime", "onset", "begin", "attackstart", "startdtc", "beginn"),
        "end": ("endtime", "enddatetime", "stop", "attackend", "enddtc", "ende"),
        "start_day": ("startday", "astdy", "onsetday"), "end_day": ("endday", "aendy", "stopday"),
        "start_time": (), "end_time": (),
        "severity": ("maxseverity", "intensity", "sev", "staerke"), "migraine": ("migraineyn", "mig", "migrane"),
        "acute_medication": ("acutemed", "acutemeds", "doses", "meds", "medikamente", "akutmedikation"),
        **_DESCRIBED,
    },
    "treatments": {
        "subject": (), "day": ("exstdy", "studyday", "treatmentday", "injectionday", "astdy", "tag"),
        "date": ("exstdtc", "treatmentdate", "injectiondate", "dosedate", "astdt", "datum"),
        "cycle": ("treatmentcycle", "cycleno", "cyclenumber", "injectioncycle", "zyklus"),
        "product": ("extrt", "drug", "toxin", "brand", "preparation", "treatmentname", "praeparat"),
        "dose": ("exdose", "units", "dosetotal", "totaldose", "doseunits", "einheiten", "dosis"),
        "muscle": ("exloc", "musclename", "muskel"), "side": ("exlat", "laterality", "seite"),
        "site": ("injectionsite", "siteno"), "dilution": ("reconstitution", "volume", "verduennung"),
    },
    "event_times": {
        "subject": (), "endpoint": ("param", "paramcd", "event", "parameter"),
        "time": ("aval", "days", "timedays", "survtime"), "observed": ("eventobserved", "status", "eventfl"),
        "reason": ("cnsdtdsc", "evntdesc", "censoringreason"),
    },
}  # fmt: skip
"""Names of columns of each table, letters and digits only, the likeliest first. The names of the layout precede all of them."""

_NO = ("no", "n", "false", "0", "nein", "non", "nao", "nej", "nee", "f", "absent", "not done", "discontinued", "withdrawn")
_YES = ("yes", "y", "true", "1", "ja", "j", "oui", "o", "si", "sim", "s", "t", "x", "present", "completed", "complete")
_UNRELATED = ("none", "not related", "unrelated", "unlikely", "remote", "unlikely related", "not suspected")
_RELATED = ("possible", "probable", "definite", "related", "certain", "possibly related", "probably related", "suspected")

TRUTHS = dict.fromkeys(_NO, "no") | dict.fromkeys(_YES, "yes")
RELATIONS = TRUTHS | dict.fromkeys(_UNRELATED, "no") | dict.fromkeys(_RELATED, "yes")

SEVERITY_WORDS = {
    "none": "none", "keine": "none", "aucune": "none", "ninguno": "none", "0": "none", "no pain": "none", "absent": "none",
    "mild": "mild", "leicht": "mild", "leger": "mild", "legere": "mild", "leve": "mild", "1": "mild", "slight": "mild",
    "moderate": "moderate", "mittel": "moderate", "massig": "moderate", "modere": "moderate", "moderado": "moderate",
    "moderada": "moderate", "2": "moderate", "medium": "moderate",
    "severe": "severe", "schwer": "severe", "stark": "severe", "severo": "severe", "grave": "severe", "3": "severe",
    "intense": "severe",
}  # fmt: skip

KNOWN_TRUTHS = ("yes", "no", "y", "n", "true", "false", "1", "0")
"""Words for yes and no that the layout accepts."""

MISSING_NUMBERS = ("-1", "-9", "-99", "-999", "-9999", "-8", "-7", "9", "99", "999", "9999", "99999")
"""Numbers that stand for missing values in many files."""

PLACES = ("site", "siteid", "center", "centre", "centreid", "country", "region", "investigator", "practice", "practiceid",
          "stratum", "strata", "sex", "gender", "race", "ethnic", "zentrum", "geschlecht")  # fmt: skip
"""Covariates whose numbers are names."""


def usual_names(table: str, column: str) -> tuple[str, ...]:
    """List the names that other files use for a column of the layout.

    Parameters
    ----------
    table, column : str
        Names of the table and its column in the layout.

    Returns
    -------
    tuple of str
        Letters and digits of each name, the likeliest first; empty if none is known.

    Examples
    --------
    >>> usual_names("diary", "migraine")
    ('migraineday', 'migraineyn', 'mig', 'migraineflag', 'migrane')
    """
    return COLUMNS["subjects" if column == "subject" else table].get(column, ()) if table in COLUMNS else ()


def bare(name: str) -> str:
    """Reduce a name to its letters and digits, without accents.

    Parameters
    ----------
    name : str
        Name of a file or column.

    Returns
    -------
    str
        Letters and digits in lower case.

    Examples
    --------
    >>> bare("Kopfschmerz-Stärke (max.)")
    'kopfschmerzstarkemax'
    """
    return re.sub(r"[^a-z0-9]", "", plain(name))


def plain(word: str) -> str:
    """Write a word in lower case and without accents.

    Parameters
    ----------
    word : str
        Content of a cell.

    Returns
    -------
    str
        The word without spaces around it.

    Examples
    --------
    >>> plain(" Légère ")
    'legere'
    """
    apart = unicodedata.normalize("NFKD", word.strip().casefold().replace("\u00df", "ss"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
