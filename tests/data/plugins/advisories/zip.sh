# A zip of the advisories, as OSV exports them.
python3 -c '
import pathlib, sys, zipfile
with zipfile.ZipFile("all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in pathlib.Path(sys.argv[1]).glob("*.json"):
        archive.write(path, path.name)
' "$DATA/osv"
