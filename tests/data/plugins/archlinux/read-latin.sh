python3 "$DATA/packages.py" latin
