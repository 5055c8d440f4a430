mkdir -p payload/usr/lib/python3.14/site-packages
echo "x = 1" > payload/usr/lib/python3.14/site-packages/made.py
