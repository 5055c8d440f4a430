python3 "$DATA/packages.py" cut
