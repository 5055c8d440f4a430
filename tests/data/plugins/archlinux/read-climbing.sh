python3 "$DATA/packages.py" climbing
