/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: region file|anonymous|memfd|written|stack CALL PATH
 * Makes CALL (mkdir, open, exec) on PATH with the call instruction in that kind of memory.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* long call(long number, long a, long b, long c, long d) */
static const unsigned char code[] = {
#if defined(__x86_64__)
	0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89, 0xc2, 0x0f, 0x05, 0xc3,
#else
	0xe8, 0x03, 0x00, 0xaa, 0xe0, 0x03, 0x01, 0xaa, 0xe1, 0x03, 0x02, 0xaa, 0xe2, 0x03,
	0x03, 0xaa, 0xe3, 0x03, 0x04, 0xaa, 0x01, 0x00, 0x00, 0xd4, 0xc0, 0x03, 0x5f, 0xd6,
#endif
};

typedef long call_fn(long number, long a, long b, long c, long d);

struct job {
	const char *kind, *call, *path;
	long result;
};

static call_fn *put(void *at)
{
	memcpy(at, code, sizeof(code));
	__builtin___clear_cache((char *)at, (char *)at + sizeof(code));
	return (call_fn *)at;
}

/* A page of this program's own file, written over. */
static void *written_page(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);
}

static void *memory(const char *kind)
{
	int fd;

	if (strcmp(kind, "written") == 0)
		return written_page();
	if (strcmp(kind, "anonymous") == 0)
		return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = memfd_create("code", MFD_CLOEXEC);
	if (ftruncate(fd, 4096) < 0)
		return MAP_FAILED;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
}

static long make_call(call_fn *f, const struct job *j)
{
	char *argv[] = { (char *)j->path, NULL };

	if (strcmp(j->call, "mkdir") == 0)
		return f(SYS_mkdirat, AT_FDCWD, (long)j->path, 0700, 0);
	if (strcmp(j->call, "exec") == 0)
		return f(SYS_execve, (long)j->path, (long)argv, (long)environ, 0);
	return f(SYS_openat, AT_FDCWD, (long)j->path, O_RDONLY, 0);
}

static void *run(void *argument)
{
	struct job *j = argument;
	unsigned char local[8192];
	unsigned char *page = (unsigned char *)(((unsigned long)local + 4095) & ~4095ul);
	void *at;

	if (strcmp(j->kind, "file") == 0) {
		j->result = make_call((call_fn *)syscall, j);
		return NULL;
	}
	at = strcmp(j->kind, "stack") == 0 ? page : memory(j->kind);
	if (at == MAP_FAILED || (at == page && mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)) {
		perror("region");
		exit(77);
	}
	j->result = make_call(put(at), j);
	return NULL;
}

/* "thread stack": the same on a second thread's, which is anonymous memory that only the stack pointer tells */
int main(int argc, char **argv)
{
	struct job j = { argc > 3 ? argv[1] : "", argc > 3 ? argv[2] : "", argc > 3 ? argv[3] : "", 0 };
	pthread_t thread;

	if (argc > 4) {
		if (pthread_create(&thread, NULL, run, &j) != 0 || pthread_join(thread, NULL) != 0)
			return 1;
	} else {
		run(&j);
	}
	return j.result < 0;
}
