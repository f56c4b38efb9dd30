"""Files of other formats, written from the tables of a trial."""
