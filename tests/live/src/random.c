/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random SEED CALLS: as many system calls as that, of names, descriptors and sockets, with arguments that are picked at
 * random, good and bad, in the current folder; what each gave is printed, and in the end what is in the folder. The
 * same seed prints the same. Not for root: links may lead anywhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
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
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a)           (sizeof(a) / sizeof((a)[0]))
#define PICK(type, ...)    ((type[]){ __VA_ARGS__ }[below(COUNT(((type[]){ __VA_ARGS__ })))])
#define DESCRIPTORS        12 /* from 3 on */
#define EDGE_BYTES         8192
#define PATH_ROOM          9000
#define CHECK_ONLY         0x10000 /* AT_EXECVE_CHECK (Linux 6.14) */
#define MOST_TRIES         100
#define RESOLVE_DETERMINED 0x1f /* RESOLVE_CACHED hangs on what is in the kernel's caches */

static uint64_t state;
static char home[4096];
static char *edge; /* the first byte behind a page that nothing follows */

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 33);
}

static uint32_t below(uint32_t n)
{
	return next() % n;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

/* ---- arguments ----------------------------------------------------------------------------------------- */

static const char *const names[] = {
	"a",      "b",        "c",           "d",        "file",
	"empty",  "dir",      "dir/in",      "dir/sub",  "dir/sub/deep",
	"link",   "dlink",    "loop",        "dangling", "abs",
	"fifo",   "sock",     "none",        "closed",   "closed/x",
	"ro",     "x.sh",     "bin",         "file/",    "dir/",
	"link/",  "dlink/",   "dlink/in",    ".",        "..",
	"dir/..", "dlink/..", "dir/../file", "./file",   "dir//in",
	"dir/up", "noexec",   "self",        "",
};

static const char *name(void)
{
	return names[below(COUNT(names))];
}

/* At the end of what can be read, with its NUL or without. */
static const char *at_edge(const char *text, size_t nul)
{
	return memcpy(edge - strlen(text) - nul, text, strlen(text) + nul);
}

static const char *long_path(char *buffer)
{
	int len = 4084 + (int)below(20), i;

	for (i = 0; i < len; i += 2)
		memcpy(buffer + i, "./", 2);
	memcpy(buffer + i, "file", 5);
	return buffer;
}

static const char *path(void)
{
	static char buffers[2][PATH_ROOM];
	static int last;
	char *b = buffers[last ^= 1];

	switch (below(36)) {
	case 0:
		snprintf(b, PATH_ROOM, "%s/%s", home, name());
		return b;
	case 1:
		snprintf(b, PATH_ROOM, "/proc/self/cwd/%s", name());
		return b;
	case 2:
		snprintf(b, PATH_ROOM, "/proc/self/root%s/%s", home, name());
		return b;
	case 3:
		snprintf(b, PATH_ROOM, "%s/%u%s%s", PICK(const char *, "/proc/self/fd", "/dev/fd"), below(DESCRIPTORS),
			 one_in(2) ? "/" : "", one_in(2) ? name() : "");
		return b;
	case 4:
		snprintf(b, PATH_ROOM, "%s",
			 PICK(const char *, "/dev/null", "/dev/zero", "/dev/full", "/dev/nothing", "/etc/passwd",
			      "/etc/shadow", "/etc", "/etc/ssl/private/x", "/proc/self/comm", "/proc/self/exe",
			      "/proc/self/fd", "/proc/self/ns/mnt", "/proc/thread-self/comm", "/proc/1/environ"));
		return b;
	case 5:
		memset(b, 'n', 260);
		b[250 + below(10)] = '\0';
		return b;
	case 6:
		return long_path(b);
	case 7:
		return PICK(const char *, NULL, (char *)1, (char *)0xffffffff80000000ull, edge);
	case 8:
		return at_edge(name(), one_in(2));
	case 9:
		snprintf(b, PATH_ROOM, "%s/%s", name(), name());
		return b;
	default:
		snprintf(b, PATH_ROOM, "%s", name());
		return b;
	}
}

static bool is_readable(const char *p)
{
	return (uintptr_t)p > 4096 && (uintptr_t)p < UINTPTR_MAX / 2 && p != edge;
}

/* How far it can be read. */
static size_t room(const char *p)
{
	return p >= edge - EDGE_BYTES && p < edge ? (size_t)(edge - p) : PATH_MAX;
}

static void show_path(const char *p)
{
	putchar('"');
	for (size_t i = 0; is_readable(p) && i < 60 && i < room(p) && p[i]; i++)
		putchar(p[i]);
	printf("\"%s", is_readable(p) ? "" : p == edge ? " at the edge" : p ? " nowhere" : " null");
}

static bool is_path(const char *p)
{
	return is_readable(p) && *p && strnlen(p, room(p)) < room(p);
}

/* Of two bad names the kernel tells of one, which the monitor does not always know where the second one is none. */
static bool is_certain(const char *first, const char *second)
{
	return is_path(second) || !is_path(first);
}

static int descriptor(void)
{
	return one_in(16) ? (int)next() : 3 + (int)below(DESCRIPTORS);
}

static int open_flags(void)
{
	int flags = PICK(int, O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_ACCMODE) | O_NONBLOCK;

	for (uint32_t n = below(4); n; n--)
		flags |= PICK(int, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC, O_PATH,
			      O_NOATIME, O_SYNC, O_DSYNC, O_NOCTTY, O_TMPFILE, O_DIRECT, O_ASYNC, 0100000, 1 << 26);
	return flags;
}

static struct open_how *how(size_t *ret_size)
{
	static struct {
		struct open_how how;
		char more[8192];
	} h;

	memset(&h, 0, sizeof(h));
	h.how.flags = (uint64_t)open_flags() | (one_in(20) ? 1ull << (33 + below(20)) : 0);
	if (h.how.flags & (O_CREAT | O_DIRECTORY) || one_in(10))
		h.how.mode = below(one_in(8) ? 020000 : 010000);
	if (one_in(2))
		h.how.resolve = one_in(10) ? 1ull << (6 + below(58)) : below(RESOLVE_DETERMINED + 1);
	*ret_size = one_in(8) ? PICK(size_t, 0, 8, 16, 23, 32, 4096, 5000) : sizeof(h.how);
	if (one_in(16))
		h.more[below(4000)] = 1;
	printf("flags %llo mode %llo resolve %llx, ", h.how.flags, h.how.mode, h.how.resolve);
	return one_in(24) ? NULL : &h.how;
}

static struct sockaddr_storage *address(uint32_t *ret_len)
{
	static struct sockaddr_storage ss;
	struct sockaddr_un *un = (void *)&ss;
	struct sockaddr_in *in = (void *)&ss;
	struct sockaddr_in6 *in6 = (void *)&ss;
	uint16_t port = htons(PICK(uint16_t, 1, 9, 0));

	memset(&ss, 0, sizeof(ss));
	switch (below(7)) {
	case 0:
	case 1:
		*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
		snprintf(un->sun_path, sizeof(un->sun_path), "%s", name());
		*ret_len = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + strlen(un->sun_path) + below(2));
		break;
	case 2:
	case 3:
		*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		in->sin_addr.s_addr = PICK(uint32_t, htonl(INADDR_LOOPBACK), htonl(INADDR_LOOPBACK), 0, 0xffffffff,
					   htonl(0xe0000001));
		*ret_len = one_in(6) ? below(20) : sizeof(*in);
		break;
	case 4:
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		in6->sin6_addr = one_in(2) ? in6addr_loopback : in6addr_any;
		*ret_len = one_in(6) ? below(30) : sizeof(*in6);
		break;
	case 5:
		ss.ss_family = (sa_family_t)below(50);
		*ret_len = below(129);
		break;
	default:
		*ret_len = PICK(uint32_t, 0, 1, 2, 16, 200, INT32_MAX, UINT32_MAX);
		break;
	}
	printf("family %d length %d, ", ss.ss_family, (int)*ret_len);
	return one_in(20) ? NULL : one_in(20) ? (void *)(edge - below(20)) : &ss;
}

static struct msghdr *message(void)
{
	static struct iovec piece;
	static struct msghdr m;
	static char hello[] = "hello", control[CMSG_SPACE(sizeof(int))];
	struct cmsghdr *c = (void *)control;
	int fd = descriptor();

	piece = (struct iovec){ one_in(12) ? (void *)8 : hello, below(6) };
	m = (struct msghdr){ .msg_iov = &piece, .msg_iovlen = one_in(12) ? 2000 : 1 };
	m.msg_name = address(&m.msg_namelen);
	if (one_in(3))
		m.msg_name = NULL;
	if (one_in(3)) {
		m.msg_control = one_in(6) ? NULL : control;
		m.msg_controllen = one_in(6) ? PICK(size_t, 5, 1u << 20, 1ull << 31) : sizeof(control);
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(fd)), SOL_SOCKET, one_in(4) ? (int)below(5) : SCM_RIGHTS };
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return one_in(24) ? (struct msghdr *)(void *)edge - 1 : &m;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

/*
 * Kinds of arguments: p path, d folder, f descriptor, o flags of open, m mode, h open_how and size, a address and
 * length, b bytes and length, s message, g flags of messages, x flags of names, k of links, n small number, D and T of
 * sockets, c command of fcntl(), z 0, l no address and no length, v argv and environment
 */
static const struct row {
	const char *name;
	long number;
	const char *args;
	unsigned int weight;
	bool opens; /* gives a descriptor */
} rows[] = {
#ifdef SYS_open
	{ "open", SYS_open, "pom", 5, true },
	{ "rename", SYS_rename, "pp", 1, false },
	{ "link", SYS_link, "pp", 1, false },
	{ "symlink", SYS_symlink, "pp", 1, false },
	{ "unlink", SYS_unlink, "p", 1, false },
	{ "mkdir", SYS_mkdir, "pm", 1, false },
	{ "rmdir", SYS_rmdir, "p", 1, false },
	{ "dup2", SYS_dup2, "ff", 1, false },
#endif
	{ "openat", SYS_openat, "dpom", 5, true },
	{ "openat2", SYS_openat2, "dph", 4, true },
	{ "renameat2", SYS_renameat2, "dpdpx", 2, false },
	{ "linkat", SYS_linkat, "dpdpk", 2, false },
	{ "symlinkat", SYS_symlinkat, "pdp", 1, false },
	{ "unlinkat", SYS_unlinkat, "dpx", 2, false },
	{ "mkdirat", SYS_mkdirat, "dpm", 1, false },
	{ "mknodat", SYS_mknodat, "dpm", 1, false },
	{ "truncate", SYS_truncate, "pn", 1, false },
	{ "faccessat2", SYS_faccessat2, "dpnx", 1, false },
	{ "execveat", SYS_execveat, "dpvx", 1, false },
	{ "chdir", SYS_chdir, "p", 1, false },
	{ "fchdir", SYS_fchdir, "f", 1, false },
	{ "umask", SYS_umask, "m", 1, false },
	{ "dup", SYS_dup, "f", 1, false },
	{ "dup3", SYS_dup3, "ffo", 1, false },
	{ "close", SYS_close, "f", 4, false },
	{ "fcntl", SYS_fcntl, "fcn", 1, false },
	{ "memfd_create", SYS_memfd_create, "pz", 1, true },
	{ "socket", SYS_socket, "DTz", 3, false },
	{ "bind", SYS_bind, "fa", 2, false },
	{ "connect", SYS_connect, "fa", 3, false },
	{ "listen", SYS_listen, "fn", 1, false },
	{ "accept4", SYS_accept4, "flT", 1, false },
	{ "sendto", SYS_sendto, "fbga", 2, false },
	{ "sendmsg", SYS_sendmsg, "fsg", 2, false },
};

struct call {
	long args[8];
	unsigned int n;
	const char *path;
	bool certain;
};

static void add(struct call *c, uint64_t value)
{
	c->args[c->n++] = (long)value;
}

/* The kernel takes half of the register. */
static void add_int(struct call *c, int value)
{
	printf("%d, ", value);
	add(c, (uint32_t)value | (one_in(3) ? (uint64_t)next() << 32 : 0));
}

static void add_path(struct call *c)
{
	const char *p = path();

	show_path(p);
	printf(", ");
	c->certain &= !c->path || is_certain(c->path, p);
	c->path = p;
	add(c, (uintptr_t)p);
}

static void add_argument(struct call *c, char kind)
{
	static char word[] = "x", *const words[] = { word, NULL };
	size_t size;
	uint32_t len;

	switch (kind) {
	case 'p':
		add_path(c);
		break;
	case 'd':
		add_int(c, one_in(2) ? AT_FDCWD : descriptor());
		break;
	case 'f':
		add_int(c, descriptor());
		break;
	case 'o':
		add_int(c, open_flags());
		break;
	case 'm':
		add_int(c, (int)below(010000));
		break;
	case 'h':
		add(c, (uintptr_t)how(&size));
		add(c, size);
		break;
	case 'a':
		add(c, (uintptr_t)address(&len));
		add(c, len);
		break;
	case 'b':
		add(c, (uintptr_t)PICK(const char *, "hello", "hello", NULL, edge - 2));
		add(c, below(6));
		break;
	case 's':
		add(c, (uintptr_t)message());
		break;
	case 'g':
		add_int(c, MSG_DONTWAIT | MSG_NOSIGNAL | (one_in(8) ? (int)below(256) : 0));
		break;
	case 'x':
		add_int(c, one_in(2) ? 0 :
				       PICK(int, 1, 2, 4, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR,
					    AT_EMPTY_PATH, AT_EMPTY_PATH | AT_SYMLINK_FOLLOW, 1 << 20));
		break;
	case 'k': /* not AT_EMPTY_PATH, which asks who opened the file */
		add_int(c, PICK(int, 0, 0, AT_SYMLINK_FOLLOW, 1));
		break;
	case 'n':
		add_int(c, (int)below(8));
		break;
	case 'D':
		add_int(c, PICK(int, AF_UNIX, AF_UNIX, AF_INET, AF_INET, AF_INET6, 77));
		break;
	case 'T':
		add_int(c, PICK(int, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0) | SOCK_NONBLOCK |
				   (one_in(3) ? SOCK_CLOEXEC : 0));
		break;
	case 'c':
		add_int(c, PICK(int, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFL, F_SETFD, F_GETFD));
		break;
	case 'l':
		add(c, 0);
		add(c, 0);
		break;
	case 'v':
		add(c, (uintptr_t)words);
		add(c, (uintptr_t)(words + 1));
		break;
	default:
		add(c, 0);
	}
}

static void show_outcome(long r)
{
	if (r < 0)
		printf("%s\n", strerror(errno));
	else
		printf("%ld\n", r);
}

/* A folder outside is nothing to begin names at. */
static void show_opened(int fd)
{
	char link[64], target[5000] = "", bytes[4];
	int flags = fcntl(fd, F_GETFL);
	struct stat st = { 0 };
	ssize_t n = 0;

	fstat(fd, &st);
	if (S_ISCHR(st.st_mode)) { /* the whole machine's: others may change it meanwhile */
		st.st_mode &= S_IFMT;
		st.st_uid = st.st_gid = 0;
	}
	if (S_ISREG(st.st_mode) && !(flags & O_DIRECT))
		n = read(fd, bytes, sizeof(bytes));
	printf("   mode %o links %d owner %d:%d flags %o %d, read %zd, at %ld, signals %d", st.st_mode,
	       S_ISDIR(st.st_mode) ? 0 : (int)st.st_nlink, st.st_uid, st.st_gid, flags, fcntl(fd, F_GETFD),
	       n < 0 ? -errno : n, (long)lseek(fd, 0, SEEK_CUR), fcntl(fd, F_GETOWN) == getpid());
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n > 0 && !strncmp(target, home, strlen(home)) && !strchr(target, '#'))
		printf(" %.200s", target + strlen(home));
	else if (S_ISDIR(st.st_mode))
		close(fd);
	puts("");
}

static void call(const struct row *row)
{
	struct call c = { .certain = true };
	long r;

	printf("%s ", row->name);
	for (const char *kind = row->args; *kind; kind++)
		add_argument(&c, *kind);
	if (!c.certain) {
		puts("not called");
		return;
	}
	if (row->number == SYS_execveat)
		c.args[4] |= CHECK_ONLY;
	/* ".." below a root fails so while anybody moves or mounts something anywhere */
	for (int tries = 0; tries < MOST_TRIES; tries++) {
		r = syscall(row->number, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5]);
		if (r != -1 || errno != EAGAIN || row->number != SYS_openat2)
			break;
	}
	show_outcome(r);
	if (r >= 0 && row->opens)
		show_opened((int)r);
}

/* ---- what is not one call ------------------------------------------------------------------------------ */

static void act(void);

static void limit(void)
{
	struct rlimit l;

	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = one_in(3) ? 3 + below(DESCRIPTORS) : 64;
	printf("limit %d: ", (int)l.rlim_cur);
	show_outcome(setrlimit(RLIMIT_NOFILE, &l));
}

static void wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("ended with %x\n", status);
}

static void start_child(void)
{
	uint64_t its = (uint64_t)next() << 32 | next() | 1;
	int shares = PICK(int, 0, CLONE_FS, CLONE_FILES, CLONE_FS | CLONE_FILES);
	pid_t pid;

	fflush(stdout);
	pid = (pid_t)syscall(SYS_clone, shares | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		state = its;
		alarm(2);
		printf("child {\n");
		for (int i = 0; i < 12; i++)
			act();
		printf("}\n");
		fflush(stdout);
		_exit((int)below(5));
	}
	wait_for(pid);
}

static void execute(void)
{
	const char *words[] = { "x", "y", NULL }, *environment[] = { "E=1", NULL };
	const char *program = one_in(3) ? path() : PICK(const char *, "bin", "x.sh", "noexec");
	pid_t pid;

	printf("execve ");
	show_path(program);
	printf(": ");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(2);
		fclose(stderr);
		syscall(SYS_execve, program, one_in(10) ? NULL : words, one_in(5) ? NULL : environment);
		_exit(100 + (errno & 63));
	}
	wait_for(pid);
}

static void return_home(void)
{
	char at[4096];

	if (one_in(8) || syscall(SYS_getcwd, at, sizeof(at)) < 0 || strncmp(at, home, strlen(home)))
		if (chdir(home) < 0)
			_exit(99);
}

static void act(void)
{
	static void (*const others[])(void) = { limit, start_child, execute };
	unsigned int all = COUNT(others), at;

	return_home();
	for (size_t i = 0; i < COUNT(rows); i++)
		all += rows[i].weight;
	at = below(all);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (at < rows[i].weight) {
			call(&rows[i]);
			return;
		}
		at -= rows[i].weight;
	}
	others[at]();
}

/* ---- the folder ---------------------------------------------------------------------------------------- */

static void make(const char *file, const char *text, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0 || close(fd) < 0)
		_exit(98);
}

static void make_folder(void)
{
	char absolute[5000];

	snprintf(absolute, sizeof(absolute), "%s/file", home);
	mkdir("dir", 0755);
	mkdir("dir/sub", 0755);
	mkdir("dir/sub/deep", 0755);
	mkdir("closed", 0755);
	make("file", "contents", 0644);
	make("empty", "", 0644);
	make("dir/in", "inside", 0644);
	make("closed/x", "x", 0644);
	make("ro", "to be read", 0444);
	make("x.sh", "#!/bin/sh\nexit 3\n", 0755);
	make("noexec", "#!/bin/sh\nexit 3\n", 0644);
	make("bin", "#!/bin/true\n", 0755);
	if (symlink("file", "link") || symlink("dir", "dlink") || symlink("loop", "loop") ||
	    symlink("nowhere", "dangling") || symlink(absolute, "abs") || symlink("..", "dir/up") ||
	    symlink("/proc/self", "self") || mkfifo("fifo", 0644) || chmod("closed", 0))
		_exit(98);
}

static void show_folder(const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char at[5000], target[5000];
		struct stat st;
		ssize_t len;

		if (!strcmp(list[i]->d_name, ".") || !strcmp(list[i]->d_name, ".."))
			continue;
		snprintf(at, sizeof(at), "%s/%s", folder, list[i]->d_name);
		if (strlen(at) > 4000 || lstat(at, &st) < 0)
			continue;
		printf("%.200s %o %ld %d", at + strlen(home), st.st_mode, S_ISREG(st.st_mode) ? (long)st.st_size : 0,
		       S_ISDIR(st.st_mode) ? 0 : (int)st.st_nlink);
		len = S_ISLNK(st.st_mode) ? readlink(at, target, 100) : 0;
		printf(" %.*s\n", len > 0 && target[0] != '/' ? (int)len : 0, target);
		if (S_ISDIR(st.st_mode))
			show_folder(at);
	}
}

int main(int argc, char **argv)
{
	long calls = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

	if (!calls || !getuid() || !getcwd(home, sizeof(home))) {
		fprintf(stderr, "usage: random SEED CALLS (not as root)\n");
		return 2;
	}
	state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	umask(022);
	alarm(50);
	edge = mmap(NULL, EDGE_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(edge, 'q', EDGE_BYTES);
	edge += EDGE_BYTES;
	munmap(edge, 4096);
	make_folder();
	close_range(3, ~0u, 0);
	for (long i = 0; i < calls; i++) {
		printf("%ld ", i);
		act();
	}
	if (chdir(home) < 0)
		return 99;
	show_folder(home);
	return 0;
}
