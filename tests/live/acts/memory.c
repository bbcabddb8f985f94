/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: mappings, protections, growth, other processes' memory. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

static void mappings(void)
{
	int fd = open("a.txt", O_RDWR);
	char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *anonymous = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	own[0] = 'p';
	shared[1] = 's';
	if (in_child()) {
		anonymous[0] = 'c';
		shared[2] = 'c';
		own[0] = 'x';
		_exit(0);
	}
	say("%.4s %.4s %c\n", own, shared, anonymous[0]);
	TRY(msync(shared, 4096, MS_SYNC));
	TRY(munmap(shared, 4096));
	say_file("a.txt");
}

static void wrong_mappings(void)
{
	int fd = open("a.txt", O_RDONLY), d = open("d", O_RDONLY);
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TRY(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0));
	TRY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0));
	TRY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, d, 0));
	TRY(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0));
	TRY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 5));
	TRY(mmap(NULL, 4096, PROT_READ, 0, fd, 0));
	TRY(mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	TRY(mprotect(page + 1, 4096, PROT_READ));
	TRY(mprotect((void *)4096, 4096, PROT_READ));
	TRY(munmap(page, 0));
	TRY(mremap(page, 4096, 0, 0));
	TRY(madvise(page, 4096, 9999));
	TRY(msync((void *)4096, 4096, MS_SYNC));
}

static void moved(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *more;
	char *path;

	strcpy(page, "a.txt");
	more = mremap(page, 8192, 1 << 20, MREMAP_MAYMOVE);
	say("kept: %s\n", more);
	path = more + 4094;
	memcpy(path, "a.txt", 6);
	TRY(open(path, O_RDONLY));
	TRY(madvise(more, 4096, MADV_DONTNEED));
	say("gone: <%s>\n", more);
	TRY(open(more, O_RDONLY));
}

static void grown(void)
{
	char *start = sbrk(0);
	struct rlimit small = { 1 << 20, 1 << 20 };

	say("%d\n", sbrk(100000) == start);
	strcpy(start + 90000, "a.txt");
	TRY(open(start + 90000, O_RDONLY));
	say("%d\n", (char *)sbrk(-100000) == start + 100000);
	setrlimit(RLIMIT_DATA, &small);
	TRY(sbrk(8 << 20));
	setrlimit(RLIMIT_AS, &small);
	TRY(mmap(NULL, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	TRY(open("a.txt", O_RDONLY));
}

static int deep(int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth ? deep(depth - 1) + (room[0] == (char)depth) : 0;
}

static void stack(void)
{
	say("%d\n", deep(500));
	if (in_child()) {
		setrlimit(RLIMIT_STACK, &(struct rlimit){ 1 << 18, 1 << 18 });
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		_exit(deep(5000) == 5000);
	}
}

static void named_memory(void)
{
	int fd = memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	char link[64], text[64] = "";

	TRY(write(fd, "abc", 3));
	TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
	TRY(write(fd, "abc", 3));
	TRY(ftruncate(fd, 100));
	TRY(fcntl(fd, F_GET_SEALS));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	TRY(readlink(link, text, 63));
	say("%s\n", text);
	TRY(open(link, O_RDONLY));
	TRY(memfd_create("x", 0x8000));
}

static void others(void)
{
	static char text[16] = "mine", got[16];
	struct iovec here = { got, 8 }, there = { text, 8 }, bad = { (void *)8, 8 };
	char path[64];
	int fds[2];
	pid_t pid;

	pipe(fds);
	pid = started();
	if (!pid) {
		strcpy(text, "theirs");
		write(fds[1], "x", 1);
		pause();
	}
	read(fds[0], got, 1);
	TRY(process_vm_readv(pid, &here, 1, &there, 1, 0));
	TRY(process_vm_readv(pid, &here, 1, &bad, 1, 0));
	TRY(process_vm_writev(pid, &here, 1, &there, 1, 0));
	TRY(process_vm_readv(999999, &here, 1, &there, 1, 0));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	TRY(pread(open(path, O_RDONLY), got, 8, (off_t)(uintptr_t)text));
	say("%s\n", got);
	TRY(syscall(SYS_process_madvise, -1, &there, 1, 0, 0));
	kill(pid, SIGKILL);
	ended(pid);
}

static void own_by_file(void)
{
	static char text[16] = "before";
	const char *volatile seen = text;
	int fd = open("/proc/self/mem", O_RDWR);

	TRY(pwrite(fd, "after", 6, (off_t)(uintptr_t)text));
	say("%s\n", seen);
	TRY(pread(fd, text, 4, 8));
}

static int add(int a, int b)
{
	return a + b;
}

/* Code that is made, and made again. */
static void made_code(void)
{
#ifdef __x86_64__
	unsigned char code[] = { 0xb8, 7, 0, 0, 0, 0xc3 };
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		say("%s\n", strerrorname_np(errno));
		return;
	}
	for (int i = 0; i < 3; i++) {
		code[1] = (unsigned char)(7 + i);
		memcpy(page, code, sizeof(code));
		say("%d\n", ((int (*)(void))page)());
	}
	TRY(mprotect(page, 4096, PROT_READ));
#endif
	say("%d\n", add(1, 2));
}

static void locked(void)
{
	char *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char there[256];

	TRY(mlock(page, 8192));
	TRY(munlock(page, 8192));
	TRY(mlock((void *)4096, 4096));
	page[4096] = 1;
	TRY(mincore(page, 1 << 20, there));
	TRY(mincore(page + 1, 4096, there));
	if (in_child()) {
		as_nobody();
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 4096, 4096 });
		TRY(mlock(page, 1 << 20));
		TRY(mlockall(99));
		_exit(0);
	}
}

static void after_the_end(void)
{
	int fd = open("a.txt", O_RDWR);
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	say("%d\n", page[4000]);
	if (in_child())
		_exit(page[5000]);
	ftruncate(fd, 0);
	if (in_child())
		_exit(page[0]);
}

/* A page that is there and may not be touched (Linux 6.13) ends what is read of paths and bytes. */
static void guarded(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int sender = socket(AF_INET, SOCK_DGRAM, 0);
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *guard;

	guard = page + 4096;
	memset(page, 'x', 3 * 4096);
	TRY(madvise(guard, 4096, MADV_GUARD_INSTALL));
	memcpy(guard - 6, "a.txt", 6);
	TRY(open(guard - 6, O_RDONLY));
	memcpy(guard - 5, "a.txt", 5);
	TRY(open(guard - 5, O_RDONLY));
	TRY(open(guard, O_RDONLY));
	TRY(mkdir(guard - 5, 0700));
	TRY(rename("a.txt", guard - 5));
	TRY(unlink(guard + 7));
	TRY(execve(guard - 5, NULL, NULL));
	TRY(connect(sender, (struct sockaddr *)(guard - 8), sizeof(to)));
	TRY(sendto(sender, guard - 90, 200, 0, (struct sockaddr *)&to, sizeof(to)));
	TRY(madvise(guard, 4096, MADV_GUARD_REMOVE));
	memcpy(guard - 3, "a.txt", 6);
	TRY(open(guard - 3, O_RDONLY));
}

const struct act acts_memory[] = {
	{ "memory-mappings", mappings },
	{ "memory-wrong-mappings", wrong_mappings },
	{ "memory-moved", moved },
	{ "memory-grown", grown },
	{ "memory-stack", stack },
	{ "memory-named", named_memory },
	{ "memory-of-others", others },
	{ "memory-own-by-file", own_by_file },
	{ "memory-made-code", made_code },
	{ "memory-locked", locked },
	{ "memory-after-the-end", after_the_end },
	{ "memory-guarded", guarded },
	{ 0 },
};
