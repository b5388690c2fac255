# Sourced: what the phony guests share. Their programs are busybox, static bash and stand-ins that log each call to
# /tmp/phony.log in the guest; their kernel modules are one real module of this machine (its architecture is read).

skeleton() { # ROOT
    mkdir -p "$1"/usr/bin "$1"/usr/sbin "$1"/usr/lib "$1"/etc/default "$1"/etc/modprobe.d "$1"/dev "$1"/proc "$1"/sys \
        "$1"/tmp "$1"/var/tmp "$1"/root
    for folder in bin sbin lib; do ln -s "usr/$folder" "$1/$folder"; done
    cp "$(command -v busybox)" "$1/usr/bin/busybox"
    cp "$(command -v bash-static)" "$1/usr/bin/bash"
    ln -s bash "$1/usr/bin/sh"      # not busybox: its shell would take its own applets for the stand-ins
    for applet in cat ls echo mkdir rm cp mv grep sed chmod test true false uname touch ln id; do
        ln -s busybox "$1/usr/bin/$applet"
    done
    echo '# nothing' > "$1/etc/modprobe.d/phony.conf"
    echo 'LABEL=ROOT / ext4 defaults 0 1' > "$1/etc/fstab"
}

stand_in() { # FILE [LINES OF SHELL]
    printf '#!/bin/sh\necho "%s $*" >> /tmp/phony.log\n%s\nexit 0\n' "$(basename "$1")" "${2:-}" > "$1"
    chmod 755 "$1"
}

kernel_modules() { # FOLDER/lib/modules/VERSION
    module=$(find /lib/modules/ -name '*.ko' -o -name '*.ko.xz' | head -n 1)
    for name in block/virtio_blk net/virtio_net scsi/virtio_scsi; do
        mkdir -p "$(dirname "$1/kernel/drivers/$name")"
        case "$module" in
            *.xz) xz -dc "$module" > "$1/kernel/drivers/$name.ko" ;;
            *) cp "$module" "$1/kernel/drivers/$name.ko" ;;
        esac
    done
    touch "$1/modules.dep"
}
