. "$DATA/repository.sh"
rm -r repository/.git
