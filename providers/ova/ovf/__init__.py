"""What an OVF descriptor says, as VMware, VirtualBox and oVirt write it: a stranger's XML, read into small objects."""
