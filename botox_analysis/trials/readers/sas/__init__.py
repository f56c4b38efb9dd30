"""Files of SAS: transport files (.xpt, versions 5 and 8) and data sets (.sas7bdat)."""
