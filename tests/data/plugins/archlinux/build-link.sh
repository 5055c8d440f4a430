mkdir -p payload/usr/bin
ln -s /bin/sh payload/usr/bin/made
