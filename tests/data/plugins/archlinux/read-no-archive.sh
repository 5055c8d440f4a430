python3 "$DATA/packages.py" no-archive
