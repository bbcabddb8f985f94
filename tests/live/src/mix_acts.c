/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of mix, and what they are made with. */
#include "mix.h"

#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>

enum {
	TICK_US = 2000,
	TICKS = 3, /* until the handler gives what is waited for */
};

/* ---- arguments ----------------------------------------------------------------------------------------- */

static const char *const names[] = {
	"a",     "b",     "c",         "d",       "file",     "empty", "dir",   "dir/in", "dir/sub",  "dir/sub/deep",
	"link",  "dlink", "loop",      "abs",     "fifo",     "sock",  "none",  "closed", "closed/x", "ro",
	"x.sh",  "nox",   "file/",     "dir/",    "dlink/in", ".",     "dir/.", "./file", "dir//in",  "noexec",
	"dir/a", "dir/b", "dir/sub/c", "dlink/b", "dangling", "sock2", "d/a",   "d/b",    "",         "elf",
};

const char *name(void)
{
	return names[below(COUNT(names))];
}

char *absolute(char *b, const char *prefix, const char *rest)
{
	size_t len = strlen(prefix), home = strlen(all->home);

	memcpy(b, prefix, len);
	memcpy(b + len, all->home, home);
	b[len + home] = '/';
	memcpy(b + len + home + 1, rest, strlen(rest) + 1);
	return b;
}

/* Mostly one that is open, of this kind (0: any). */
static int descriptor_of(mode_t kind)
{
	int first = (int)below(LAST - FIRST);
	struct stat st;

	if (one_in(30))
		return (int)below(UINT32_MAX);
	for (int i = 0; i < LAST - FIRST; i++) {
		int fd = FIRST + (first + i) % (LAST - FIRST);

		if (RAW(SYS_fstat, fd, WORD(&st)) == 0 && (!kind || (st.st_mode & S_IFMT) == kind))
			return fd;
	}
	return FIRST + first;
}

int descriptor(void)
{
	return descriptor_of(0);
}

const char *path(void)
{
	static char buffers[2][5000];
	static int last;
	char *b = buffers[last ^= 1];

	switch (below(24)) {
	case 0:
		return absolute(b, "", name());
	case 1:
		snprintf(b, 5000, "/proc/self/cwd/%s", name());
		return b;
	case 2:
		return absolute(b, "/proc/self/root", name());
	case 3:
		snprintf(b, 5000, "/proc/%s/fd/%d", PICK(const char *, "self", "thread-self"), descriptor());
		return b;
	case 4:
		return PICK(const char *, "dir/..", "dir/../file", "../a", "dlink/..", "../b", "dir/up/file");
	case 5:
		return (const char *)PICK(uintptr_t, 0, 1);
	default:
		return name();
	}
}

/*
 * Of two bad names the kernel tells of one. Which one that is the monitor does not always know where the second one is
 * none: it never lets a call go on whose name it could not read.
 */
static const char *second_path(void)
{
	const char *p = path();

	return (uintptr_t)p < 4096 || !*p ? "none" : p;
}

/* Whose mode and owner may be changed */
static const char *own_name(void)
{
	return names[below(8)];
}

int folder(void)
{
	return one_in(3) ? descriptor_of(one_in(8) ? 0 : S_IFDIR) : AT_FDCWD;
}

int open_flags(void)
{
	int flags = PICK(int, O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR) | O_NONBLOCK;

	for (uint32_t n = below(4); n; n--)
		flags |= PICK(int, O_CREAT, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC,
			      O_PATH, O_TMPFILE, O_NOATIME);
	return flags;
}

/* ---- descriptors and names ----------------------------------------------------------------------------- */

void act_open(void)
{
	const char *p = path();
	struct open_how how = { 0 };

	switch (below(4)) {
#ifdef SYS_open
	case 0:
		opened(CALL(open, "sxx", WORD(p), open_flags(), below(01000)));
		return;
#endif
	case 1:
		how.flags = (uint64_t)open_flags();
		if (how.flags & (O_CREAT | O_DIRECTORY))
			how.mode = below(01000);
		how.resolve = PICK(uint64_t, 0, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS,
				   RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV);
		say(" (%llx %llo %llx)", how.flags, how.mode, how.resolve);
		opened(CALL(openat2, "dspd", folder(), WORD(p), WORD(&how), sizeof(how)));
		return;
	default:
		opened(CALL(openat, "dsxx", folder(), WORD(p), open_flags(), below(01000)));
	}
}

void act_name(void)
{
	const char *p = path(), *q = second_path();

	switch (below(9)) {
	case 0:
	case 1:
		CALL(renameat2, "dsdsx", folder(), WORD(p), folder(), WORD(q),
		     PICK(int, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE));
		break;
	case 2:
		CALL(linkat, "dsdsx", folder(), WORD(p), folder(), WORD(q), PICK(int, 0, 0, AT_SYMLINK_FOLLOW));
		break;
	case 3:
		CALL(symlinkat, "sds", WORD(name()), folder(), WORD(q));
		break;
	case 4:
	case 5:
		CALL(unlinkat, "dsx", folder(), WORD(p), one_in(3) ? AT_REMOVEDIR : 0);
		break;
	case 6:
		CALL(mkdirat, "dsx", folder(), WORD(p), below(01000) | 0700);
		break;
	case 7:
		CALL(mknodat, "dsx", folder(), WORD(p), PICK(int, S_IFREG, S_IFIFO, S_IFSOCK) | 0644);
		break;
	default:
		CALL(truncate, "sd", WORD(name()), below(MOST));
	}
}

void act_old_name(void)
{
#ifdef SYS_open
	const char *p = path(), *q = second_path();
	struct stat st;

	switch (below(6)) {
	case 0:
		CALL(rename, "ss", WORD(p), WORD(q));
		break;
	case 1:
		CALL(link, "ss", WORD(p), WORD(q));
		break;
	case 2:
		CALL(symlink, "ss", WORD(name()), WORD(q));
		break;
	case 3:
		CALL(unlink, "s", WORD(p));
		break;
	case 4:
		CALL(rmdir, "s", WORD(p));
		break;
	default: /* which would wait for a reader of a FIFO */
		if (RAW(SYS_newfstatat, AT_FDCWD, WORD(p), WORD(&st), 0) < 0 || !S_ISFIFO(st.st_mode))
			opened(CALL(creat, "sx", WORD(p), below(01000)));
	}
#endif
}

void act_mode(void)
{
	const char *p = own_name();
	int id = PICK(int, -1, 0, 1000, 65534);

	switch (below(4)) {
	case 0:
		CALL(fchmodat, "dsx", AT_FDCWD, WORD(p), below(01000) | 0600);
		break;
	case 1:
		CALL(fchownat, "dsddx", AT_FDCWD, WORD(p), id, PICK(int, -1, 0, 1000),
		     PICK(int, 0, AT_SYMLINK_NOFOLLOW));
		break;
	case 2:
		CALL(umask, "x", PICK(int, 0, 022, 077, 0177));
		break;
	default:
		CALL(faccessat, "dsx", folder(), WORD(path()), below(8));
	}
}

void act_descriptor(void)
{
	int fd = descriptor(), to = FIRST + (int)below(LAST - FIRST);

	switch (below(10)) {
	case 0:
		opened(CALL(dup, "d", fd));
		break;
	case 1:
		opened(CALL(dup3, "ddx", fd, to, PICK(int, 0, O_CLOEXEC, 1)));
		break;
	case 2:
#ifdef SYS_dup2
		opened(CALL(dup2, "dd", fd, to));
		break;
#endif
	case 3:
		opened(CALL(fcntl, "ddd", fd, PICK(int, F_DUPFD, F_DUPFD_CLOEXEC), to));
		break;
	case 4:
		CALL(fcntl, "ddd", fd, PICK(int, F_SETFD, F_GETFL, F_GETFD), below(2));
		break;
	case 5:
		CALL(fcntl, "ddx", fd, F_SETFL, O_NONBLOCK | PICK(int, 0, O_APPEND));
		break;
	case 6:
		CALL(close_range, "ddx", to, to + (int)below(4),
		     PICK(int, 0, 0, CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC, 6));
		break;
	default:
		CALL(close, "d", fd);
	}
}

void act_new_descriptor(void)
{
	int pair[2] = { 0 };

	switch (below(6)) {
	case 0:
		opened(CALL(memfd_create, "sx", WORD(name()), PICK(int, 0, 1, 2, 3, 77)));
		break;
	case 1:
		if (CALL(pipe2, "px", WORD(pair), O_NONBLOCK | PICK(int, 0, O_CLOEXEC)) == 0) {
			opened(pair[0]);
			opened(pair[1]);
		}
		break;
	case 2:
		if (CALL(socketpair, "dxdp", AF_UNIX, PICK(int, SOCK_STREAM, SOCK_DGRAM) | SOCK_NONBLOCK, 0,
			 WORD(pair)) == 0) {
			opened(pair[0]);
			opened(pair[1]);
		}
		break;
	case 3:
		opened(CALL(epoll_create1, "x", PICK(int, 0, O_CLOEXEC, 1)));
		break;
	case 4:
		opened(CALL(eventfd2, "dx", below(3), O_NONBLOCK));
		break;
	default:
		opened(CALL(open_tree, "dsx", folder(), WORD(path()), PICK(int, 0, O_CLOEXEC, AT_EMPTY_PATH)));
	}
}

void act_bytes(void)
{
	char bytes[16];
	int fd = descriptor();

	switch (below(5)) {
	case 0:
	case 1:
		CALL(write, "dpd", fd, WORD("sixteen letters."), below(17));
		break;
	case 2:
	case 3:
		CALL(read, "dpd", fd, WORD(bytes), below(17));
		break;
	default:
		CALL(lseek, "ddd", fd, below(100), below(5));
	}
}

/* ---- folders, users, spaces ---------------------------------------------------------------------------- */

void act_folder(void)
{
	if (one_in(12))
		CALL(chroot, "s", WORD(names[6 + below(3)]));
	else if (one_in(2))
		CALL(chdir, "s", WORD(path()));
	else
		CALL(fchdir, "d", descriptor_of(S_IFDIR));
}

void act_user(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { 0 };
	gid_t group = 1000;
	int a = PICK(int, -1, 0, 1000, 65534), b = PICK(int, -1, 0, 1000, 65534), c = PICK(int, -1, 0, 0, 1000);

	switch (below(14)) {
	case 0:
	case 1:
		CALL(setresuid, "ddd", a, b, c);
		break;
	case 2:
		CALL(setreuid, "dd", a, b);
		break;
	case 3:
		CALL(setuid, "d", a);
		break;
	case 4:
	case 5:
		CALL(setfsuid, "d", b);
		break;
	case 6:
		CALL(setresgid, "ddd", a, b, c);
		break;
	case 7:
		CALL(setfsgid, "d", a);
		break;
	case 8:
		CALL(setgroups, "dp", below(2), WORD(&group));
		break;
	case 9:
	case 10:
		RAW(SYS_capget, WORD(&head), WORD(caps));
		caps[0].effective = one_in(2) ? caps[0].permitted : caps[0].effective & ~(1u << below(32));
		say(" (%x)", caps[0].effective);
		CALL(capset, "pp", WORD(&head), WORD(caps));
		break;
	case 11:
		CALL(prctl, "dddd", PICK(int, PR_SET_DUMPABLE, PR_SET_KEEPCAPS), below(2), 0, 0);
		break;
	default:
		say(" ids %ld %ld %ld %ld\n", RAW(SYS_getuid), RAW(SYS_geteuid), RAW(SYS_getgid), RAW(SYS_getegid));
		CALL(setfsuid, "d", -1);
	}
}

static void write_text(const char *file, const char *text)
{
	long fd = RAW(SYS_openat, AT_FDCWD, WORD(file), O_WRONLY | O_CLOEXEC);

	RAW(SYS_write, fd, WORD(text), strlen(text));
	RAW(SYS_close, fd);
}

void act_spaces(void)
{
	const char *p = name(), *q = name();

	if (!me()->spaces) {
		int flags = RAW(SYS_geteuid) ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS;
		char map[64];
		long uid = RAW(SYS_geteuid);
		bool before = me()->mapped;

		me()->mapped |= (flags & CLONE_NEWUSER) != 0;
		if (CALL(unshare, "x", flags) < 0) {
			me()->mapped = before;
			return;
		}
		if (flags & CLONE_NEWUSER) {
			snprintf(map, sizeof(map), "0 %ld 1", uid);
			write_text("/proc/self/uid_map", map);
		}
		me()->spaces = RAW(SYS_mount, 0, WORD("/"), 0, MS_REC | MS_PRIVATE, 0) == 0;
		return;
	}
	switch (below(5)) {
	case 0:
	case 1:
		CALL(mount, "sssxs", WORD(p), WORD(q), 0, MS_BIND, 0);
		break;
	case 2:
		CALL(mount, "sssxs", WORD("none"), WORD(q), WORD("tmpfs"), MS_NOSUID, WORD("size=64k,nr_inodes=20"));
		break;
	default:
		CALL(umount2, "sx", WORD(q), MNT_DETACH);
	}
}

void act_unshare(void)
{
	CALL(unshare, "x", PICK(int, CLONE_FILES, CLONE_FS, CLONE_FS | CLONE_FILES));
}

void act_limit(void)
{
	struct rlimit l = { one_in(2) ? FIRST + below(LAST) : 64, 512 };

	say(" (%d)", (int)l.rlim_cur);
	CALL(prlimit64, "ddpp", 0, RLIMIT_NOFILE, WORD(&l), 0);
}

void act_list(void)
{
	for (int fd = FIRST; fd < LAST + 8; fd++)
		show_descriptor(fd);
}

/* ---- sockets ------------------------------------------------------------------------------------------- */

static long address(struct sockaddr_storage *ss)
{
	struct sockaddr_un *un = (void *)ss;
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;
	socklen_t len = sizeof(*ss);
	int fd;

	memset(ss, 0, sizeof(*ss));
	switch (below(6)) {
	case 0:
	case 1:
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof(un->sun_path), "%s",
			 PICK(const char *, "sock", "sock2", "dir/sock", "a", "none", "d/sock"));
		say(" (%s)", un->sun_path);
		return (long)sizeof(*un);
	case 2:
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		say(" (::1)");
		return (long)sizeof(*in6);
	case 3:
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(PICK(uint32_t, INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_ANY));
		in->sin_port = htons(PICK(uint16_t, 0, 0, 1)); /* nobody is bound to 1 */
		say(" (%x %d)", in->sin_addr.s_addr, ntohs(in->sin_port));
		return (long)sizeof(*in);
	default:
		fd = descriptor_of(S_IFSOCK);
		say(" (that of %d)", fd);
		return RAW(SYS_getsockname, fd, WORD(ss), WORD(&len)) == 0 ? (long)len : 0;
	}
}

static void pass_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec piece = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = (void *)control;
	struct stat st;

	/* a socket in its own queue, or in another's that is in its, ends when the kernel comes to look for such */
	if (RAW(SYS_fstat, fd, WORD(&st)) == 0 && S_ISSOCK(st.st_mode))
		fd = -1;
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CALL(sendmsg, "dpx", socket, WORD(&m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte[4];
	struct iovec piece = { byte, 1 };
	struct msghdr m = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = (void *)control;
	int fd;

	if (CALL(recvmsg, "dpx", socket, WORD(&m), MSG_DONTWAIT) < 0 || m.msg_controllen < CMSG_LEN(sizeof(fd)))
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	opened(fd);
}

void act_socket(void)
{
	struct sockaddr_storage ss;
	int fd = descriptor_of(one_in(8) ? 0 : S_IFSOCK);
	char bytes[16];
	long len;

	switch (below(12)) {
	case 0:
	case 1:
		opened(CALL(socket, "dxd", PICK(int, AF_UNIX, AF_UNIX, AF_INET, AF_INET, AF_INET6),
			    PICK(int, SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM) | SOCK_NONBLOCK, 0));
		break;
	case 2:
	case 3:
		len = address(&ss);
		if (ss.ss_family == AF_INET) /* others may want that port, too */
			((struct sockaddr_in *)&ss)->sin_port = 0;
		CALL(bind, "dpd", fd, WORD(&ss), len);
		break;
	case 4:
	case 5:
		len = address(&ss);
		CALL(connect, "dpd", fd, WORD(&ss), len);
		break;
	case 6:
		CALL(listen, "dd", fd, below(3));
		break;
	case 7:
		opened(CALL(accept4, "dppx", fd, 0, 0, SOCK_NONBLOCK));
		break;
	case 8:
		len = address(&ss);
		CALL(sendto, "dpdxpd", fd, WORD("hello"), below(6), MSG_DONTWAIT | MSG_NOSIGNAL, WORD(&ss), len);
		break;
	case 9:
		CALL(recvfrom, "dpdxpp", fd, WORD(bytes), 16, MSG_DONTWAIT, 0, 0);
		break;
	case 10:
		pass_descriptor(fd, descriptor());
		break;
	default:
		take_descriptor(fd);
	}
}

/* Pairs that stay, so that descriptors travel. */
void act_travel(void)
{
	int pair[2];

	if (CALL(socketpair, "dxdp", AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, WORD(pair)) < 0)
		return;
	for (uint32_t n = below(3); n; n--)
		pass_descriptor(pair[0], descriptor());
	take_descriptor(pair[1]);
	CALL(close, "d", pair[one_in(2)]);
}

/* ---- waits that a timer breaks off ------------------------------------------------------------------- */

static volatile int ticks;
static int give; /* written to after some ticks */

static void ticked(int number)
{
	(void)number;
	if (++ticks >= TICKS && give >= 0)
		RAW(SYS_write, give, WORD("x"), 1);
}

void act_wait(void)
{
	struct itimerval every = { { 0, TICK_US }, { 0, TICK_US } }, never = { 0 };
	struct timespec long_time = { 20, 0 };
	bool restart = one_in(2);
	struct sigaction sa = { .sa_handler = ticked, .sa_flags = restart ? SA_RESTART : 0 };
	sigset_t alarms, before;
	struct pollfd poll_for;
	char byte;
	int pair[2], word = 0;

	if (RAW(SYS_pipe2, WORD(pair), O_CLOEXEC) < 0)
		return;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, &before);
	sigaction(SIGALRM, &sa, NULL);
	ticks = 0;
	give = restart ? pair[1] : -1;
	poll_for = (struct pollfd){ pair[0], POLLIN, 0 };
	setitimer(ITIMER_REAL, &every, NULL);
	say(" %s", restart ? "restarting" : "breaking off");
	switch (below(5)) {
	case 0:
	case 1:
		CALL(read, "ppd", pair[0], WORD(&byte), 1);
		break;
	case 2: /* never starts again, whatever was asked for */
		give = -1;
		CALL(ppoll, "pdppd", WORD(&poll_for), 1, WORD(&long_time), 0, 8);
		break;
	case 3:
		CALL(clock_nanosleep, "ddpp", 0, 0, WORD(&long_time), 0);
		break;
	default:
		give = -1;
		sa.sa_flags = 0;
		sigaction(SIGALRM, &sa, NULL);
		CALL(futex, "pddpdd", WORD(&word), FUTEX_WAIT, 0, WORD(&long_time), 0, 0);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	RAW(SYS_close, pair[0]);
	RAW(SYS_close, pair[1]);
}
