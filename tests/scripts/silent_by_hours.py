"""Prints the names of NDES connectors that have been silent for longer than an hour - or so it says.

The bug is the point: it looks at the hours of the time span and not at all of its hours, as
`(New-TimeSpan ...).Hours -le 1` does in PowerShell, where .Hours is what is left beside whole days.
Published monitoring scripts carry it. There is no PowerShell where the tests run, hence Python."""
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
    hours = silence.seconds // 3600  # .Hours
    if not hours <= 1:
        print(connector["displayName"])
