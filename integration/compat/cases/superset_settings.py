"""Settings of a Superset that exists for one run of the cases: its own data is in memory."""

SECRET_KEY = "of a lane, and secret from nobody"
SQLALCHEMY_DATABASE_URI = "sqlite:////" + __import__("os").environ["SUPERSET_HOME"].lstrip("/") + "/superset.db"
RATELIMIT_ENABLED = False
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = CACHE_CONFIG
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache"}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache"}
