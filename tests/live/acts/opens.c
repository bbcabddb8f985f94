/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which an open can fail, and what it leaves behind where it does not. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void missing(void)
{
	TRY(open("none", O_RDONLY));
	TRY(open("none/x", O_RDONLY | O_CREAT, 0600));
	TRY(open("", O_RDONLY));
	TRY(open("a.txt/x", O_RDONLY));
	TRY(open("a.txt/", O_RDONLY));
	TRY(open("new/", O_RDONLY | O_CREAT, 0600));
	TRY(open("../none/../w", O_RDONLY));
}

static void folders(void)
{
	TRY(open("d", O_WRONLY));
	TRY(open("d", O_RDWR));
	TRY(open("d", O_RDONLY | O_CREAT, 0600));
	TRY(open("d", O_RDONLY | O_TRUNC));
	TRY(open("d", O_RDONLY | O_CREAT | O_DIRECTORY, 0600));
	TRY(open("a.txt", O_RDONLY | O_DIRECTORY));
	TRY(open("d/", O_RDONLY));
	TRY(open("d/..", O_RDONLY | O_DIRECTORY));
	TRY(open(".", O_RDONLY));
}

static void links(void)
{
	symlink("loop", "loop");
	symlink("none", "dangling");
	symlink("d", "way");
	TRY(open("loop", O_RDONLY));
	TRY(open("link", O_RDONLY | O_NOFOLLOW));
	TRY(open("way", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	TRY(open("way/x", O_RDONLY | O_NOFOLLOW));
	TRY(open("way/", O_RDONLY | O_NOFOLLOW));
	TRY(open("dangling", O_RDONLY));
	TRY(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600));
	TRY(open("dangling", O_WRONLY | O_CREAT, 0600));
	TRY(access("none", F_OK));
}

static void many_links(void)
{
	char from[16], to[16];

	put("l0", "end");
	for (int i = 1; i <= 42; i++) {
		snprintf(from, sizeof(from), "l%d", i - 1);
		snprintf(to, sizeof(to), "l%d", i);
		symlink(from, to);
	}
	TRY(open("l39", O_RDONLY));
	TRY(open("l40", O_RDONLY));
	TRY(open("l41", O_RDONLY));
}

static void long_names(void)
{
	char name[300], path[PATH_MAX + 8];

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	TRY(open(name, O_RDONLY | O_CREAT, 0600));
	name[255] = '\0';
	TRY(open(name, O_RDONLY | O_CREAT, 0600));
	for (int i = 0; i < PATH_MAX + 8; i += 2)
		memcpy(path + i, "./", 2);
	memcpy(path + PATH_MAX - 7, "/a.txt", 7);
	TRY(open(path, O_RDONLY));
	memcpy(path + PATH_MAX - 7, "//a.txt", 8);
	TRY(open(path, O_RDONLY));
}

static void bad_pointers(void)
{
	char *end = before_gap(5), *closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *whole = before_gap(6);

	memcpy(end, "a.txt", 5);
	memcpy(whole, "a.txt", 6);
	TRY(open(NULL, O_RDONLY));
	TRY(open((char *)1, O_RDONLY));
	TRY(open((char *)-4096, O_RDONLY));
	TRY(open(closed, O_RDONLY));
	TRY(open(end, O_RDONLY));
	TRY(open(whole, O_RDONLY));
}

static void exclusive(void)
{
	TRY(open("a.txt", O_RDONLY | O_CREAT | O_EXCL, 0600));
	TRY(open("link", O_RDONLY | O_CREAT | O_EXCL, 0600));
	TRY(open("d", O_RDONLY | O_CREAT | O_EXCL, 0600));
	TRY(open("new", O_RDONLY | O_CREAT | O_EXCL, 0400));
	TRY(open("new", O_RDONLY | O_CREAT | O_EXCL, 0400));
	say_file("a.txt");
}

static void odd_flags(void)
{
	TRY(open("a.txt", 3));
	TRY(open("d", O_TMPFILE | O_RDONLY, 0600));
	TRY(open("d", __O_TMPFILE | O_RDWR, 0600));
	TRY(open("a.txt", O_TMPFILE | O_RDWR, 0600));
	TRY(open("a.txt", O_RDONLY | 0x40000000));
	TRY(open("a.txt", O_RDONLY | O_PATH | O_TRUNC | O_RDWR));
	TRY(open("a.txt", O_RDONLY | O_NOCTTY | O_ASYNC | O_SYNC | O_DSYNC));
	say_file("a.txt");
}

static void kept_flags(void)
{
	static const int flags[] = { O_RDONLY,           O_WRONLY,         O_RDWR,
				     O_APPEND | O_RDWR,  O_NONBLOCK,       O_SYNC | O_WRONLY,
				     O_DSYNC | O_WRONLY, O_NOATIME,        O_PATH,
				     O_NOFOLLOW,         O_RDWR | O_TRUNC, O_CREAT | O_WRONLY,
				     O_CLOEXEC,          O_ASYNC,          3 };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd = open("a.txt", flags[i], 0600);

		say("%x: fd %d status %x descriptor %d\n", flags[i], fd, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
		close(fd);
	}
}

static void path_only(void)
{
	char byte;
	int fd = open("a.txt", O_PATH);
	struct stat st;

	TRY(read(fd, &byte, 1));
	TRY(fstat(fd, &st));
	TRY(fchmod(fd, 0600));
	TRY(fchdir(fd));
	TRY(ftruncate(fd, 0));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(openat(fd, "", O_RDONLY));
	TRY(openat(fd, "x", O_RDONLY));
	fd = open("link", O_PATH | O_NOFOLLOW);
	fstat(fd, &st);
	say("a link: %d\n", S_ISLNK(st.st_mode));
	TRY(openat(open("d", O_PATH), "x", O_RDONLY));
}

static void truncated(void)
{
	struct stat st;

	close(TRY(open("a.txt", O_RDONLY | O_TRUNC)));
	stat("a.txt", &st);
	say("size %ld\n", (long)st.st_size);
	put("b", "some text");
	chmod("b", 0400);
	if (in_child()) {
		as_nobody();
		TRY(open("b", O_WRONLY | O_TRUNC));
		TRY(open("b", O_RDONLY | O_TRUNC));
		_exit(0);
	}
	say_file("b");
}

static void appended(void)
{
	int one = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644), two = open("log", O_WRONLY | O_APPEND);

	for (int i = 0; i < 5; i++) {
		write(one, "1", 1);
		write(two, "2", 1);
	}
	TRY(pwrite(one, "3", 1, 0));
	TRY(lseek(two, 0, SEEK_CUR));
	say_file("log");
}

static void modes(void)
{
	static const int masks[] = { 0, 022, 077, 0777, 0137 };
	char name[32];
	struct stat st;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		umask(masks[i]);
		for (int mode = 0; mode < 010000; mode += 01111) {
			snprintf(name, sizeof(name), "m%o-%o", masks[i], mode);
			close(open(name, O_WRONLY | O_CREAT, mode));
			stat(name, &st);
			say("%s: %o\n", name, st.st_mode);
		}
	}
}

static void owners(void)
{
	struct stat st;

	chmod(".", 01777);
	mkdir("group", 0777);
	chown("group", -1, 5);
	chmod("group", 02777);
	if (in_child()) {
		as_nobody();
		TRY(creat("mine", 0640));
		TRY(creat("group/its", 0640));
		TRY(mkdir("group/more", 0700));
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "mine", "group/its", "group/more" };

		stat(names[i], &st);
		say("%s: %o %d %d\n", names[i], st.st_mode, st.st_uid, st.st_gid);
	}
}

static void denied(void)
{
	put("hidden", "x");
	chmod("hidden", 0);
	mkdir("closed", 0777);
	put("closed/x", "x");
	chmod("closed", 0700);
	mkdir("deaf", 0777);
	put("deaf/x", "x");
	chmod("deaf", 0711);
	if (in_child()) {
		as_nobody();
		TRY(open("hidden", O_RDONLY));
		TRY(open("hidden", O_PATH));
		TRY(open("closed/x", O_RDONLY));
		TRY(open("closed/none", O_RDONLY));
		TRY(open("deaf/x", O_RDONLY));
		TRY(open("deaf", O_RDONLY));
		TRY(open("deaf/y", O_RDONLY | O_CREAT, 0600));
		TRY(open("a.txt", O_RDWR));
		TRY(open("a.txt", O_RDONLY | O_NOATIME));
		TRY(open("a.txt", O_RDONLY));
		_exit(0);
	}
}

static void folder_fds(void)
{
	int d = open("d", O_RDONLY | O_DIRECTORY), f = open("a.txt", O_RDONLY);
	char path[PATH_MAX];

	TRY(openat(-1, "a.txt", O_RDONLY));
	TRY(openat(f, "a.txt", O_RDONLY));
	TRY(openat(99, "a.txt", O_RDONLY));
	TRY(openat(d, "x", O_RDONLY));
	TRY(openat(d, "../a.txt", O_RDONLY));
	TRY(openat(AT_FDCWD, "d/x", O_RDONLY));
	TRY(openat(-1, realpath("a.txt", path), O_RDONLY));
	TRY(openat(d, "", O_RDONLY));
	TRY(syscall(SYS_openat, 0x1234567800000000l | d, "x", 0xabcdef0100000000l));
	TRY(openat(d, "new", O_RDWR | O_CREAT, 0644));
	rename("d", "moved");
	TRY(openat(d, "x", O_RDONLY));
}

static void no_room(void)
{
	struct rlimit few = { 6, 6 };

	put("full", "text");
	TRY(setrlimit(RLIMIT_NOFILE, &few));
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	TRY(open("a.txt", O_RDONLY));
	TRY(open("new", O_WRONLY | O_CREAT, 0600));
	TRY(open("full", O_WRONLY | O_TRUNC));
	TRY(open("none", O_RDONLY));
	TRY(open(NULL, O_RDONLY));
	close(4);
	say_file("full");
	TRY(open("new", O_RDONLY));
}

static void lowest(void)
{
	int fds[2];

	for (int i = 0; i < 5; i++)
		TRY(open("a.txt", O_RDONLY));
	close(4);
	close(6);
	TRY(open("d/x", O_RDONLY));
	TRY(creat("e/new", 0600));
	TRY(dup(0));
	TRY(pipe(fds));
	close(0);
	TRY(open("link", O_RDWR));
	TRY(dup2(0, 30));
	TRY(open("bin", O_RDONLY));
}

static void closed_at_exec(void)
{
	TRY(open("a.txt", O_RDONLY));
	TRY(open("a.txt", O_RDONLY | O_CLOEXEC));
	TRY(open("new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	TRY(open("new", O_WRONLY));
	execl("/bin/sh", "sh", "-c", "for i in 3 4 5 6 7 8 9; do (: <&$i) 2>/dev/null && echo open $i; done", NULL);
}

static void sockets_and_devices(void)
{
	struct sockaddr_un address = { AF_UNIX, "socket" };

	bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address));
	TRY(open("socket", O_RDONLY));
	TRY(open("socket", O_RDWR));
	TRY(open("socket", O_PATH));
	TRY(open("/dev/tty", O_RDWR));
	TRY(open("/dev/null", O_RDWR | O_TRUNC | O_CREAT, 0600));
	TRY(write(open("/dev/full", O_WRONLY), "x", 1));
	TRY(open("/dev/null/x", O_RDONLY));
	mknod("nothing", S_IFCHR | 0600, 0);
	TRY(open("nothing", O_RDONLY));
}

static void busy_text(void)
{
	TRY(open("/proc/self/exe", O_WRONLY));
	for (int i = 0; i < 30; i++) {
		put("script", "#!/bin/sh\nexit 5\n");
		chmod("script", 0755);
		if (!fork()) {
			execl("./script", "script", NULL);
			_exit(errno == ETXTBSY ? 99 : 98);
		}
		ended(-1);
	}
}

static void odd_names(void)
{
	static const char *const names[] = { "new\nline", "\x1b[2J", "\xff\xfe", " ",    "-rf",
					     "%s%n",      "\\",      "\xc2\x80", "a\tb", "*" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put(names[i], names[i]);
		say_file(names[i]);
	}
}

static void gone_folder(void)
{
	mkdir("gone", 0700);
	chdir("gone");
	rmdir("../gone");
	TRY(open("x", O_RDONLY | O_CREAT, 0600));
	TRY(open(".", O_RDONLY));
	TRY(open("..", O_RDONLY));
	TRY(open("../a.txt", O_RDONLY));
}

static long how(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve, size_t size)
{
	struct {
		struct open_how how;
		char more[32];
	} asked = { .how = { flags, mode, resolve } };
	long fd;

	if (size == 999) {
		asked.more[3] = 1;
		size = sizeof(asked);
	}
	/* ".." below a root fails so while anybody moves or mounts something anywhere */
	for (int tries = 0; tries < 100; tries++) {
		fd = syscall(SYS_openat2, at, path, &asked, size);
		if (fd >= 0 || errno != EAGAIN || !(resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)))
			break;
	}
	return fd;
}

static void resolved(void)
{
	int d = open("d", O_PATH);

	symlink("/etc/passwd", "d/away");
	symlink("../a.txt", "d/up");
	TRY(how(d, "x", O_RDONLY, 0, 0, 24));
	TRY(how(d, "../a.txt", O_RDONLY, 0, RESOLVE_BENEATH, 24));
	TRY(how(d, "away", O_RDONLY, 0, RESOLVE_BENEATH, 24));
	TRY(how(d, "away", O_RDONLY, 0, RESOLVE_IN_ROOT, 24));
	TRY(how(d, "up", O_RDONLY, 0, RESOLVE_NO_SYMLINKS, 24));
	TRY(how(d, "up", O_RDONLY, 0, 0, 24));
	TRY(how(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS, 24));
	TRY(how(AT_FDCWD, "/dev/null", O_RDONLY, 0, RESOLVE_NO_XDEV, 24));
	TRY(how(d, "x", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT, 24));
}

static void asked_wrong(void)
{
	TRY(how(AT_FDCWD, "a.txt", O_RDONLY, 0, 0, 23));
	TRY(how(AT_FDCWD, "a.txt", O_RDONLY, 0, 0, 32));
	TRY(how(AT_FDCWD, "a.txt", O_RDONLY, 0, 0, 999));
	TRY(how(AT_FDCWD, "a.txt", O_RDONLY, 0600, 0, 24));
	TRY(how(AT_FDCWD, "new", O_CREAT, 010000, 0, 24));
	TRY(how(AT_FDCWD, "a.txt", 1ull << 40, 0, 0, 24));
	TRY(how(AT_FDCWD, "a.txt", 3, 0, 0, 24));
	TRY(how(AT_FDCWD, "a.txt", O_RDONLY, 0, 1 << 20, 24));
	TRY(how(AT_FDCWD, "new", O_CREAT | O_RDWR, 0640, 0, 24));
	TRY(how(AT_FDCWD, "a.txt", O_PATH | O_RDWR, 0, 0, 24));
	TRY(how(AT_FDCWD, "none", O_PATH | O_RDWR, 0, 0, 24));
	TRY(how(AT_FDCWD, "none", O_PATH | O_CREAT, 0600, 0, 24));
	TRY(syscall(SYS_openat2, AT_FDCWD, "a.txt", NULL, 24));
}

const struct act acts_opens[] = {
	{ "open-missing", missing },
	{ "open-folders", folders },
	{ "open-links", links },
	{ "open-many-links", many_links },
	{ "open-long-names", long_names },
	{ "open-bad-pointers", bad_pointers },
	{ "open-exclusive", exclusive },
	{ "open-odd-flags", odd_flags },
	{ "open-kept-flags", kept_flags },
	{ "open-path-only", path_only },
	{ "open-truncated", truncated },
	{ "open-appended", appended },
	{ "open-modes", modes },
	{ "open-owners", owners },
	{ "open-denied", denied },
	{ "open-folder-fds", folder_fds },
	{ "open-no-room", no_room },
	{ "open-lowest", lowest },
	{ "open-closed-at-exec", closed_at_exec },
	{ "open-sockets-and-devices", sockets_and_devices },
	{ "open-busy-text", busy_text },
	{ "open-odd-names", odd_names },
	{ "open-gone-folder", gone_folder },
	{ "open-resolved", resolved },
	{ "open-asked-wrong", asked_wrong },
	{ 0 },
};
