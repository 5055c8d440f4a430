mod dates;
mod deb;
mod folder;
mod hostile;
mod readers;
mod rpm;
mod unknown_packages;
