"""Writes regions.tsv, identifiers.txt and version from a folder of the compiled tz database."""

import datetime
import pathlib
import sys
import zoneinfo

# Zones count as one if their clocks agree for this many years from now on.
YEARS = 12
STEP = datetime.timedelta(hours=1)

folder = pathlib.Path(sys.argv[1])
zoneinfo.reset_tzpath([str(folder)])
data = (folder / "tzdata.zi").read_text().splitlines()
version = data[0].removeprefix("# version ").strip()
begin = datetime.datetime(int(version[:4]) + 1, 1, 1, tzinfo=datetime.timezone.utc)
moments = [begin + STEP * hour for hour in range(0, YEARS * 8766)]


def clock(zone, moments):
    info = zoneinfo.ZoneInfo(zone)
    return [moment.astimezone(info).utcoffset() for moment in moments]


def agree(zones):
    # A few moments distinguish most zones.
    few = moments[:: 24 * 30]
    if len({tuple(clock(zone, few)) for zone in zones}) > 1:
        return False
    return len(zones) == 1 or len({tuple(clock(zone, moments)) for zone in zones}) == 1


zones_of = {}
for line in (folder / "zone.tab").read_text().splitlines():
    if line and not line.startswith("#"):
        region, _, zone = line.split("\t")[:3]
        zones_of.setdefault(region, []).append(zone)
# The first zone of a region in zone.tab represents the zones that agree with it.
lines = [f"{region}\t{zones[0]}" for region, zones in sorted(zones_of.items()) if agree(zones)]
pathlib.Path("regions.tsv").write_text("\n".join(lines) + "\n")

names = {line.split()[1] for line in data if line.startswith("Z ")}
names |= {line.split()[2] for line in data if line.startswith("L ")}
names.discard("Factory")
pathlib.Path("identifiers.txt").write_text("\n".join(sorted(names)) + "\n")
pathlib.Path("version").write_text(version + "\n")
