// Sockets and devices by which a process of the same user could have something started outside the sandbox, or read
// the disk below the file system: what they reach, the sandbox would have hidden in vain.
import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import type { HiddenPlaces } from './sandbox.ts';

/** The ways out that exist here and are open to this user. */
export function findWaysOut(runtimeDirectory: string | undefined): HiddenPlaces {
  const user = String(process.getuid?.() ?? 0);
  const runtime = runtimeDirectory ?? `/run/user/${user}`;
  // Terminal multiplexers type into shells outside.
  const directories = [
    `${runtime}/systemd`,
    `${runtime}/podman`,
    `/tmp/tmux-${user}`,
    '/run/screen',
    '/run/podman',
  ];
  const sockets = [
    `${runtime}/bus`,
    `${runtime}/docker.sock`,
    '/run/dbus/system_bus_socket',
    '/run/systemd/private',
    '/run/docker.sock',
    '/run/containerd/containerd.sock',
    '/run/crio/crio.sock',
    '/var/lib/incus/unix.socket',
    '/var/lib/lxd/unix.socket',
    '/var/snap/lxd/common/lxd/unix.socket',
    '/run/libvirt/libvirt-sock',
  ];
  return {
    directories: directories.filter(isOpen).map((path) => realpathSync(path)),
    files: [...sockets.filter(isOpen).map((path) => realpathSync(path)), ...findDisks()],
  };
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Block devices, and the generic SCSI ones that read the same disks. */
function findDisks(): readonly string[] {
  const isDisk = (name: string) =>
    /^sg\d+$/.test(name) || statSync(`/dev/${name}`, { throwIfNoEntry: false })?.isBlockDevice() === true;
  const disks = readdirSync('/dev')
    .filter(isDisk)
    .map((name) => `/dev/${name}`);
  return [...new Set(disks.filter(isOpen).map((path) => realpathSync(path)))];
}
