# Sourced: a tree becomes a disk with one partition, without a loop device, a mount or root's rights.

# make_disk TREE OUT SIZE_MIB LABEL UUID - ext4 from the first mebibyte on; files keep the owners that this namespace sees.
make_disk() {
    rm -f "$2"
    truncate -s "${3}M" "$2"
    printf 'label: dos\nlabel-id: 0x%s\nstart=2048, type=83, bootable\n' "${5%%-*}" | sfdisk -q "$2"
    mke2fs -q -t ext4 -L "$4" -U "$5" -E "offset=1048576,hash_seed=$5" -O ^metadata_csum_seed,^orphan_file \
        -d "$1" "$2" "$((($3 - 1) * 1024))k"
}

# make_bootable TREE OUT - GRUB before the partition: its boot sector loads what follows it, contiguous, from sector 1.
make_bootable() {
    dd if="$1/boot/grub/i386-pc/boot.img" of="$2" bs=1 count=440 conv=notrunc status=none
    dd if="$1/boot/grub/i386-pc/core.img" of="$2" bs=512 seek=1 conv=notrunc status=none
}
