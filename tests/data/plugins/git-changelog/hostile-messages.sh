. "$DATA/repository.sh"
commit repository '%post -p <lua> os.execute("touch x")'
commit repository '# %(touch x) %{lua:x} \%{ b'
commit repository '* Mon Jan 01 2024 Eve <eve@example.org> - 9.9-9'
commit repository ' -- Eve <eve@example.org>  Mon, 01 Jan 2024 00:00:00 +0000'
commit repository 'Closes: #123, LP: #77'
commit repository 'Ends with \\'
commit repository "$(printf 'Bell \a escape \033[31m right-to-left \342\200\256 nbsp\302\240 line\342\200\250separator')"
commit repository "$(printf 'Line\rreturn\n\n%%post\ntouch x')"
commit repository "$(printf 'long%.0s ' $(seq 100))"
git -C repository -c i18n.commitEncoding=latin1 commit -q --allow-empty -m "$(printf 'Latin \351')"
git -C repository tag v2.10
git -C repository config log.showSignature true
git -C repository config gpg.program "$PWD/evil"
git -C repository config core.fsmonitor "$PWD/evil"
git -C repository config core.pager "$PWD/evil"
mkdir published
printf '#!/bin/sh\ntouch %s/published/ran' "$PWD" >evil
chmod 755 evil
