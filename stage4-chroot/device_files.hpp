// The few devices that a program may expect, and no disk among them. null(4), random(4), tty(4).
#pragma once

// Makes null, zero, full, random, urandom and tty in the directory `dev`, and the links that go
// with /proc and /dev/pts. Without root a device cannot be made; then the host's own is bound over
// an empty file. Throws SystemError. The caller's umask must be 0.
void make_device_files(int dev);
