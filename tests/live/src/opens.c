/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opens DESCRIPTORS: opens many names in the current folder in all ways that flags, openat2() and beginnings
 * of paths give, and prints what becomes of each: the error, or the number, flags, mode and path of what was
 * opened. The process may have so many descriptors. tests/live/transparency/opens.sh makes the names, and
 * compares.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FOLDER = 3, FILE_PATH, LINK_PATH, MEMORY, SOCKET, FIRST_FREE };
enum { MOST_TRIES = 100 };

static const char *const names[] = {
	"file", "file/", "file/.", "file/..", "file/x", "folder", "folder/", "folder/.", "folder/..",
	"folder/../file", "link", "link/", "folder-link", "folder-link/", "folder-link/file",
	"folder-link/../file", "dangling", "dangling/", "loop", "loop/x", "fifo", "socket", "device",
	"none", "none/", "none/x", "", "/", "//", "/.", ".", "..", "./", "closed", "closed/file",
	"read-only", "other-ids", "proc", "proc-folder/x", "proc-dangling", "fd-link", "whole-link",
	"whole-folder-link/file", "/dev/null", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/fd/0",
	"/dev/fd/4", "/dev/stdin", "/proc/self/fd", "/proc/self/fd/3", "/proc/self/fd/4", "/proc/self/fd/5",
	"/proc/self/fd/6", "/proc/self/fd/7", "/proc/self/fd/99", "/proc/thread-self",
	"/proc/thread-self/fd/4", "/proc/self/exe", "/proc/self/cwd/file", "/proc/self/root/etc/passwd",
	"/proc/self/mem", "/proc/self/ns/mnt", "/proc/self/task/none", "LONG", "LONGER",
};

static const unsigned int ways[] = {
	0, O_WRONLY, O_RDWR, O_ACCMODE, O_NOFOLLOW, O_PATH, O_PATH | O_NOFOLLOW, O_DIRECTORY,
	O_DIRECTORY | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_TRUNC, O_RDWR | O_TRUNC, O_APPEND | O_WRONLY,
	O_NONBLOCK, O_NOATIME, O_DIRECT, O_SYNC, O_DSYNC | O_WRONLY, O_ASYNC, O_TMPFILE | O_RDWR, O_TMPFILE,
	O_CLOEXEC, 0x40000000, 0x80000000, 0100000, O_NOCTTY, O_DIRECTORY | O_RDWR, O_DIRECTORY | O_WRONLY,
	O_DIRECTORY | O_NOATIME, O_CREAT, O_CREAT | O_EXCL, O_CREAT | O_WRONLY | O_EXCL | O_NOFOLLOW,
	O_CREAT | O_DIRECTORY, O_CREAT | O_PATH, O_CREAT | O_NOFOLLOW | O_RDWR,
	O_CREAT | O_TRUNC | O_WRONLY, O_PATH | O_CREAT | O_TRUNC | O_WRONLY,
};

static const uint64_t resolves[] = {
	0, RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT,
	RESOLVE_BENEATH | RESOLVE_IN_ROOT, 0x40, 1ull << 40,
};

static char one_long[300], all_long[5000];

static void tell(const char *call, const char *name, uint64_t flags, long fd)
{
	char link[64], target[300] = "";
	int error = errno;
	struct stat st;

	printf("%s %.20s %llx: ", call, name, (unsigned long long)flags);
	if (fd < 0) {
		puts(strerror(error));
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	if (readlink(link, target, sizeof(target) - 1) < 0 || strpbrk(target, "0123456789:#"))
		target[0] = '\0'; /* what is another number in each process */
	if (fstat(fd, &st))
		st.st_mode = 0;
	printf("%ld %x %d %o %s\n", fd, fcntl((int)fd, F_GETFL), fcntl((int)fd, F_GETFD), st.st_mode, target);
	close((int)fd);
}

static void open_by_how(const char *name, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };
	char call[64];
	long fd;

	snprintf(call, sizeof(call), "openat2 %llx", (unsigned long long)resolve);
	/* ".." fails so while anybody moves or mounts something anywhere */
	for (int tries = 0; tries < MOST_TRIES; tries++) {
		fd = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN || !(resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)))
			break;
	}
	tell(call, name, flags, fd);
}

static void open_name(const char *name, unsigned int flags)
{
	int made = flags & O_CREAT && access(name, F_OK);

	if (flags & O_TRUNC && name[0] == '/' && !strstr(name, "/dev/"))
		return;
	if (strstr(name, "fifo") && !(flags & (O_RDWR | O_PATH)))
		flags |= O_NONBLOCK;
	tell("openat", name, flags, syscall(SYS_openat, AT_FDCWD, name, flags, 06666));
	if (made && name[0] != '/') {
		unlink(name);
		unlink("nothing");
	}
	if (flags & O_CREAT)
		return;
	tell("openat folder", name, flags, syscall(SYS_openat, FOLDER, name, flags, 0));
	for (size_t i = 0; i < sizeof(resolves) / sizeof(resolves[0]); i++)
		open_by_how(name, flags, resolves[i]);
}

/* Arguments that are wrong, or odd. */
static void open_oddly(void)
{
	static const int beginnings[] = { -1, -2, FILE_PATH, LINK_PATH, MEMORY, SOCKET, 50, 0x7fffffff, AT_FDCWD };
	static const size_t sizes[] = { 0, 16, 24, 32, 5000 };
	struct {
		struct open_how how;
		uint64_t more;
	} h = { { 0 }, 0 };
	char *page = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (h.more = 0; h.more < 2; h.more++)
			tell("openat2 size", "file", sizes[i], syscall(SYS_openat2, AT_FDCWD, "file", &h, sizes[i]));
	h.how.mode = 0666;
	tell("openat2 mode", "file", 0, syscall(SYS_openat2, AT_FDCWD, "file", &h, sizeof(h.how)));
	h.how = (struct open_how){ .flags = O_CREAT, .mode = 01000000 };
	tell("openat2 mode", "file", O_CREAT, syscall(SYS_openat2, AT_FDCWD, "file", &h, sizeof(h.how)));
	tell("openat2 mode", "no folder", O_CREAT, syscall(SYS_openat2, AT_FDCWD, "file/x", &h, sizeof(h.how)));
	h.how = (struct open_how){ .flags = 1ull << 40 };
	tell("openat2 flags", "file", h.how.flags, syscall(SYS_openat2, AT_FDCWD, "file", &h, sizeof(h.how)));
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		tell("openat at", "file", (uint32_t)beginnings[i], syscall(SYS_openat, beginnings[i], "file", 0));
		tell("openat at", "/etc/passwd", (uint32_t)beginnings[i],
		     syscall(SYS_openat, beginnings[i], "/etc/passwd", 0));
		tell("openat at", "", (uint32_t)beginnings[i], syscall(SYS_openat, beginnings[i], "", 0));
		tell("openat junk", "file", (uint32_t)beginnings[i],
		     syscall(SYS_openat, 5ull << 32 | (uint32_t)beginnings[i], "file", 10ull << 32));
	}
	/* at the end of what is mapped: with its NUL, and without */
	munmap(page + 8192, 8192);
	memcpy(page + 8192 - 5, "file", 5);
	tell("openat", "mapped", 0, syscall(SYS_openat, AT_FDCWD, page + 8192 - 5, 0));
	memcpy(page + 8192 - 4, "file", 4);
	tell("openat", "half mapped", 0, syscall(SYS_openat, AT_FDCWD, page + 8192 - 4, 0));
	tell("openat", "unmapped", 0, syscall(SYS_openat, AT_FDCWD, 8, 0));
	tell("openat", "far", 0, syscall(SYS_openat, AT_FDCWD, -1L, 0));
	tell("openat2", "unmapped", 0, syscall(SYS_openat2, AT_FDCWD, "file", 8, sizeof(h.how)));
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	limit.rlim_cur = limit.rlim_max = argc == 2 ? strtoul(argv[1], NULL, 10) : 64;
	umask(027);
	signal(SIGIO, SIG_IGN);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	memset(one_long, 'a', 256);
	for (int i = 0; i < 4096; i++)
		all_long[i] = i & 1 ? '/' : '.';
	dup2(open("folder", O_RDONLY | O_DIRECTORY), FOLDER);
	dup2(open("file", O_PATH), FILE_PATH);
	dup2(open("link", O_PATH | O_NOFOLLOW), LINK_PATH);
	dup2(memfd_create("memory", 0), MEMORY);
	dup2(socket(AF_UNIX, SOCK_STREAM, 0), SOCKET);
	for (int fd = FIRST_FREE; fd < 64; fd++)
		close(fd);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t j = 0; j < sizeof(ways) / sizeof(ways[0]); j++)
			open_name(!strcmp(names[i], "LONG")   ? one_long :
				  !strcmp(names[i], "LONGER") ? all_long :
								names[i],
				  ways[j]);
	open_oddly();
	return 0;
}
