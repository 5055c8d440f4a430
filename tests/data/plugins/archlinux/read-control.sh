python3 "$DATA/packages.py" control
