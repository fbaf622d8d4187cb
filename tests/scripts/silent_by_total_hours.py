"""Prints the names of NDES connectors that have been silent for longer than an hour.

silent_by_hours.py, put right: all hours of the time span count, as `.TotalHours` does."""
import json
import os
import urllib.request
from datetime import datetime, timezone

request = urllib.request.Request(
    os.environ["CONNECTORD_URL"] + "/beta/deviceManagement/ndesConnectors",
    headers={"Authorization": "Bearer " + os.environ["CONNECTORD_TOKEN"]})
now = datetime.now(timezone.utc)
for connector in json.load(urllib.request.urlopen(request))["value"]:
    date = connector["lastConnectionDateTime"].replace("Z", "+00:00")
    silence = now - datetime.fromisoformat(date[:19] + date[-6:])
    hours = silence.total_seconds() / 3600  # .TotalHours
    if not hours <= 1:
        print(connector["displayName"])
