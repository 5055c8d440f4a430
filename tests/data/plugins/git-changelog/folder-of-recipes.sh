. "$DATA/repository.sh"
mkdir repository/logged repository/other
echo 1 >repository/logged/a
echo 1 >repository/other/b
git -C repository add logged
commit repository 'Package logged'
git -C repository add other
commit repository 'Package other'
echo 2 >repository/logged/a
git -C repository add logged
commit repository 'Patch logged'
