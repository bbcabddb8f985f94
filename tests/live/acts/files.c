/* SPDX-License-Identifier: Apache-2.0 */
/* Files behind the open: names, locks, positions, what is still held by whom. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void unnamed(void)
{
	char link[64];
	int fd = TRY(open("d", O_TMPFILE | O_RDWR, 0640));

	TRY(write(fd, "text", 4));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	say_file("named");
	fd = open("d", O_TMPFILE | O_RDWR | O_EXCL, 0640);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, link, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
}

static void removed(void)
{
	char link[64], text[8] = "";
	struct stat st;
	int fd = open("a.txt", O_RDWR);

	TRY(unlink("a.txt"));
	fstat(fd, &st);
	say("names: %d\n", (int)st.st_nlink);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	TRY(read(open(link, O_RDONLY), text, 3));
	say("%s\n", text);
	TRY(open(link, O_WRONLY | O_TRUNC));
	TRY(lseek(fd, 0, SEEK_END));
}

static void renamed(void)
{
	TRY(renameat2(AT_FDCWD, "a.txt", AT_FDCWD, "n.txt", RENAME_NOREPLACE));
	TRY(renameat2(AT_FDCWD, "a.txt", AT_FDCWD, "n.txt", RENAME_EXCHANGE));
	TRY(rename("d", "d/sub/d"));
	TRY(rename("d", "a.txt"));
	TRY(rename("a.txt", "d"));
	TRY(rename("none", "x"));
	TRY(rename("a.txt", "none/x"));
	TRY(rename("a.txt", "a.txt"));
	TRY(rename("e", "d"));
	TRY(rename("bin", "bin/"));
	say_file("a.txt");
}

static void linked(void)
{
	TRY(link("a.txt", "n.txt"));
	TRY(link("none", "x"));
	TRY(link("d", "x"));
	TRY(link("a.txt", "hard"));
	TRY(linkat(AT_FDCWD, "link", AT_FDCWD, "soft", 0));
	TRY(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
	TRY(symlink("x", "a.txt"));
	TRY(symlink("", "x"));
	TRY(unlink("d"));
	TRY(unlink("none"));
	TRY(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	TRY(unlinkat(AT_FDCWD, "e", AT_REMOVEDIR));
	TRY(rmdir("a.txt"));
	TRY(rmdir("d/."));
	TRY(mkdir("a.txt", 0700));
	TRY(mkdir("none/x", 0700));
}

/* Since Linux 6.10 without a capability, by who has opened the file; which gives it the right to no other. */
static void linked_by_descriptor(void)
{
	int fd, folder, unnamed;

	chmod(".", 0777);
	chmod("d", 0777);
	chown("a.txt", 65534, 65534);
	chown("d/x", 65534, 65534);
	if (!in_child())
		return;
	as_nobody();
	fd = open("a.txt", O_RDWR);
	folder = open("d", O_RDONLY);
	unnamed = open("d", O_TMPFILE | O_RDWR, 0600);
	TRY(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
	TRY(linkat(fd, "", folder, "there", AT_EMPTY_PATH | AT_SYMLINK_FOLLOW));
	TRY(linkat(folder, "x", AT_FDCWD, "x", AT_EMPTY_PATH));
	TRY(linkat(unnamed, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	TRY(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
	TRY(linkat(fd, "", AT_FDCWD, "none/x", AT_EMPTY_PATH));
	TRY(linkat(fd, "", AT_FDCWD, NULL, AT_EMPTY_PATH));
	TRY(linkat(fd, "", AT_FDCWD, "", AT_EMPTY_PATH));
	TRY(linkat(fd, "", AT_FDCWD, "y", 0));
	TRY(linkat(fd, NULL, AT_FDCWD, "y", 0));
	TRY(linkat(folder, "", AT_FDCWD, "y", AT_EMPTY_PATH));
	TRY(linkat(AT_FDCWD, "", AT_FDCWD, "y", AT_EMPTY_PATH));
	TRY(linkat(77, "", AT_FDCWD, "y", AT_EMPTY_PATH));
	TRY(linkat(77, "", AT_FDCWD, NULL, AT_EMPTY_PATH));
	unlink("a.txt");
	TRY(linkat(fd, "", AT_FDCWD, "last", AT_EMPTY_PATH));
	unlink("again");
	unlink("d/there");
	unlink("last");
	TRY(linkat(fd, "", AT_FDCWD, "gone", AT_EMPTY_PATH));
	_exit(0);
}

static void rights(void)
{
	struct stat st;

	put("program", "x");
	TRY(chmod("program", 06755));
	TRY(chown("program", 1, 1));
	stat("program", &st);
	say("%o\n", st.st_mode);
	TRY(chmod("program", 06755));
	put("program", "y");
	stat("program", &st);
	say("%o\n", st.st_mode);
	if (in_child()) {
		as_nobody();
		TRY(chmod("program", 0777));
		TRY(chown("program", 65534, 65534));
		TRY(unlink("program"));
		TRY(access("program", W_OK));
		TRY(faccessat(AT_FDCWD, "program", R_OK, AT_EACCESS));
		_exit(0);
	}
}

/* Where a folder says what rights its new files have, their makers' masks do not count. */
static void default_rights(void)
{
	/* version 2; owner rwx, user 5 rwx, group r-x, mask rwx, others none */
	static const unsigned char list[] = {
		2, 0, 0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,   7,  0, 5, 0, 0,   0,   4,   0,
		5, 0, 255, 255, 255, 255, 16, 0, 7,   0,   255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
	};
	static const char *const names[] = { "d/file", "d/folder", "d/pipe", "other" };
	struct stat st;

	TRY(setxattr("d", "system.posix_acl_default", list, sizeof(list), 0));
	umask(027);
	TRY(open("d/file", O_CREAT | O_RDWR, 0666));
	TRY(mkdir("d/folder", 0777));
	TRY(mkfifo("d/pipe", 0666));
	TRY(open("other", O_CREAT | O_RDWR, 0666));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		stat(names[i], &st);
		say("%s %o\n", names[i], st.st_mode);
	}
	TRY(getxattr("d/file", "system.posix_acl_access", NULL, 0));
	TRY(getxattr("d/folder", "system.posix_acl_default", NULL, 0));
	TRY(chmod("d/file", 0600));
	TRY(stat("d/file", &st));
	say("%o\n", st.st_mode);
}

static void positions(void)
{
	char byte;
	int fd = open("sparse", O_RDWR | O_CREAT, 0600);

	TRY(pwrite(fd, "x", 1, 1 << 20));
	TRY(lseek(fd, 0, SEEK_HOLE));
	TRY(lseek(fd, -1, SEEK_SET));
	TRY(lseek(fd, 2 << 20, SEEK_DATA));
	TRY(pread(fd, &byte, 1, 2 << 20));
	TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	TRY(ftruncate(fd, 10));
	TRY(truncate("d", 0));
	TRY(truncate("none", 0));
	if (!fork()) {
		lseek(fd, 7, SEEK_SET);
		_exit(0);
	}
	wait(NULL);
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(lseek(0, 0, SEEK_CUR) >= -1);
}

static void copied(void)
{
	int from = open("bin", O_RDONLY), to = open("to", O_RDWR | O_CREAT, 0600), pipes[2];
	loff_t at = 100;

	pipe(pipes);
	TRY(sendfile(to, from, NULL, 100));
	TRY(copy_file_range(from, &at, to, NULL, 50, 0));
	TRY(splice(from, NULL, pipes[1], NULL, 200, 0));
	TRY(tee(pipes[0], pipes[1], 10, SPLICE_F_NONBLOCK));
	TRY(splice(pipes[0], NULL, to, NULL, 200, 0));
	TRY(splice(from, NULL, to, NULL, 10, 0));
	TRY(sendfile(from, to, NULL, 10));
	TRY(lseek(to, 0, SEEK_END));
}

static void vectors(void)
{
	char a[3], b[4];
	struct iovec parts[] = { { a, 3 }, { NULL, 0 }, { b, 4 } }, bad[] = { { a, 3 }, { NULL, 9 } };
	int fd = open("a.txt", O_RDWR);
	volatile int many = 2000;

	TRY(readv(fd, parts, 3));
	TRY(readv(fd, bad, 2));
	TRY(readv(fd, parts, many));
	TRY(preadv2(fd, parts, 3, 2, RWF_HIPRI));
	TRY(pwritev(fd, parts, 3, 1));
	TRY(readv(fd, NULL, 1));
	say("%.3s%.4s\n", a, b);
}

static void too_big(void)
{
	struct rlimit small = { 100, RLIM_INFINITY };
	int fd = creat("big", 0600);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	TRY(write(fd, "x", 1));
	TRY(pwrite(fd, "xyz", 3, 98));
	TRY(write(fd, "x", 1));
	TRY(pwrite(fd, "x", 1, 100));
	TRY(ftruncate(fd, 101));
	signal(SIGXFSZ, SIG_DFL);
	if (in_child())
		_exit((int)pwrite(fd, "x", 1, 100));
}

static void attributes(void)
{
	char value[16] = "";

	TRY(setxattr("a.txt", "user.x", "value", 5, XATTR_CREATE));
	TRY(setxattr("a.txt", "user.x", "value", 5, XATTR_CREATE));
	TRY(getxattr("a.txt", "user.x", value, 2));
	TRY(getxattr("a.txt", "user.none", value, 16));
	TRY(removexattr("a.txt", "user.x"));
	TRY(listxattr("none", NULL, 0));
	TRY(setxattr("a.txt", "wrong", "", 0, 0));
}

static void record_locks(void)
{
	struct flock all = { F_WRLCK, SEEK_SET, 0, 0, 0 }, part = { F_WRLCK, SEEK_SET, 5, 1, 0 }, what = all;
	int fd = open("a.txt", O_RDWR);

	TRY(fcntl(fd, F_SETLK, &part));
	if (in_child()) {
		int own = open("a.txt", O_RDWR);

		TRY(fcntl(own, F_SETLK, &all));
		TRY(fcntl(own, F_GETLK, &what));
		say("held by the parent: %d at %ld\n", what.l_pid == getppid(), (long)what.l_start);
		part.l_start = 7;
		TRY(fcntl(own, F_SETLK, &part));
		_exit(0);
	}
	/* any close of the file lets the process's locks go */
	close(open("a.txt", O_RDONLY));
	if (in_child())
		_exit((int)TRY(fcntl(open("a.txt", O_RDWR), F_SETLK, &all)));
	TRY(fcntl(open("a.txt", O_RDONLY), F_SETLK, &all));
}

static void description_locks(void)
{
	struct flock all = { F_WRLCK, SEEK_SET, 0, 0, 0 };
	int one = open("a.txt", O_RDWR), two = open("a.txt", O_RDWR);

	TRY(fcntl(one, F_OFD_SETLK, &all));
	TRY(fcntl(two, F_OFD_SETLK, &all));
	TRY(fcntl(two, F_OFD_GETLK, &all));
	say("pid %d\n", all.l_pid);
	close(one);
	all = (struct flock){ F_WRLCK, SEEK_SET, 0, 0, 0 };
	TRY(fcntl(two, F_OFD_SETLK, &all));
}

static void deadlock(void)
{
	struct flock zero = { F_WRLCK, SEEK_SET, 0, 1, 0 }, one = { F_WRLCK, SEEK_SET, 1, 1, 0 };
	int fd = open("a.txt", O_RDWR);
	pid_t pid;

	fcntl(fd, F_SETLK, &zero);
	pid = started();
	if (!pid) {
		fcntl(fd, F_SETLK, &one);
		TRY(fcntl(fd, F_SETLKW, &zero));
		_exit(0);
	}
	pause_for(150);
	TRY(fcntl(fd, F_SETLKW, &one));
	zero.l_type = F_UNLCK;
	fcntl(fd, F_SETLK, &zero);
	ended(pid);
}

/* An open file that nobody holds any more has no lock: a copy that somebody keeps would keep it locked. Before
 * Linux 5.19 the monitor lets go of its own when the caller has it, which the caller may see. */
static void let_go(void)
{
	int other = open("a.txt", O_RDWR), busy = 0;

	for (int i = 0; i < 40; i++) {
		int fd = open("a.txt", i % 2 ? O_RDONLY : O_RDWR);

		flock(fd, LOCK_EX | LOCK_NB);
		close(fd);
		pause_for(5);
		busy += flock(other, LOCK_EX | LOCK_NB) != 0;
		flock(other, LOCK_UN);
	}
	say("still locked often: %d\n", busy > 10);
}

/* Likewise for leases, which want to be alone with a file. */
static void leases(void)
{
	int refused = 0;

	for (int i = 0; i < 200; i++) {
		int fd = open("a.txt", O_RDONLY);

		refused += fcntl(fd, F_SETLEASE, F_WRLCK) != 0;
		close(fd);
	}
	say("lease refused: %d\n", refused);
}

static void broken_lease(void)
{
	int fd = open("a.txt", O_RDONLY);

	signal(SIGIO, SIG_IGN);
	TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
	TRY(fcntl(fd, F_GETLEASE));
	if (in_child()) {
		TRY(open("a.txt", O_WRONLY | O_NONBLOCK));
		TRY(open("a.txt", O_RDONLY | O_NONBLOCK));
		_exit(0);
	}
	TRY(fcntl(fd, F_SETLEASE, F_UNLCK));
	TRY(open("a.txt", O_WRONLY | O_NONBLOCK));
}

static int lease;

static void give_up(int signal)
{
	(void)signal;
	fcntl(lease, F_SETLEASE, F_UNLCK);
}

/* Whoever asks not to wait is told to, however fast the holder gives way. */
static void yielded_lease(void)
{
	lease = open("a.txt", O_RDONLY);
	signal(SIGIO, give_up);
	for (int i = 0; i < 10; i++) {
		fcntl(lease, F_SETLEASE, F_RDLCK);
		if (in_child()) {
			TRY(open("a.txt", O_WRONLY | O_NONBLOCK));
			_exit(0);
		}
	}
}

/* A mount that files were opened in can go when they are closed. */
static void mounts(void)
{
	int busy = 0;

	mkdir("mount", 0755);
	if (TRY(mount("none", "mount", "tmpfs", 0, NULL)))
		return;
	for (int i = 0; i < 20; i++) {
		close(open("mount/x", O_RDWR | O_CREAT, 0600));
		close(open("mount/x", O_RDONLY));
		pause_for(5);
		if (umount("mount"))
			busy++;
		else
			mount("none", "mount", "tmpfs", 0, NULL);
	}
	mount("none", "mount", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL);
	TRY(open("mount/y", O_WRONLY | O_CREAT, 0600));
	TRY(umount("mount"));
	say("often busy: %d\n", busy > 5);
}

static void times(void)
{
	struct timespec old[2] = { { 1000, 5 }, { 2000, 6 } };
	struct stat st;
	char byte;
	int fd;

	TRY(utimensat(AT_FDCWD, "a.txt", old, 0));
	fd = open("a.txt", O_RDONLY | O_NOATIME);
	TRY(read(fd, &byte, 1));
	close(open("a.txt", O_RDONLY));
	close(open("a.txt", O_WRONLY));
	close(open("a.txt", O_PATH));
	stat("a.txt", &st);
	say("%ld %ld\n", st.st_atim.tv_sec, st.st_mtim.tv_sec);
	TRY(utimensat(AT_FDCWD, "none", old, 0));
	TRY(utimensat(AT_FDCWD, "link", old, AT_SYMLINK_NOFOLLOW));
}

static void descriptors(void)
{
	TRY(dup2(1, 1));
	TRY(dup2(99, 5));
	TRY(dup3(1, 1, O_CLOEXEC));
	TRY(dup3(1, 40, O_CLOEXEC));
	TRY(fcntl(40, F_GETFD));
	TRY(fcntl(1, F_DUPFD, 50));
	TRY(fcntl(1, F_DUPFD, -1));
	TRY(close_range(3, 60, 0));
	TRY(close(50));
	TRY(close(-1));
	TRY(fcntl(99, F_GETFL));
	TRY(fcntl(0, 12345));
}

const struct act acts_files[] = {
	{ "file-unnamed", unnamed },
	{ "file-removed", removed },
	{ "file-renamed", renamed },
	{ "file-linked", linked },
	{ "file-linked-by-descriptor", linked_by_descriptor },
	{ "file-rights", rights },
	{ "file-default-rights", default_rights },
	{ "file-positions", positions },
	{ "file-copied", copied },
	{ "file-vectors", vectors },
	{ "file-too-big", too_big },
	{ "file-attributes", attributes },
	{ "lock-records", record_locks },
	{ "lock-descriptions", description_locks },
	{ "lock-deadlock", deadlock },
	{ "lock-let-go", let_go },
	{ "lock-leases", leases },
	{ "lock-broken-lease", broken_lease },
	{ "lock-yielded-lease", yielded_lease },
	{ "file-mounts", mounts },
	{ "file-times", times },
	{ "file-descriptors", descriptors },
	{ 0 },
};
