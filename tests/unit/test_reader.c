/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "tracer/decode.h"
#include "tracer/descriptor.h"
#include "tracer/hands.h"
#include "tracer/socket.h"

#define P(p) ((uint64_t)(uintptr_t)(p))

/* Whether the child, which ends after that, serves page faults in its memory from now on, or rather does not. */
static bool hold(void *memory, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { P(memory), len }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0;
}

/* Child of a process with that memory; -1: faults cannot be held up here. Its answer is there when we return. */
static pid_t start(char *held, size_t len)
{
	int pipes[2];
	bool ready = false;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		ready = !held || hold(held, len);
		if (write(pipes[1], &ready, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_int_equal(read(pipes[0], &ready, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
	if (ready)
		return child;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return -1;
}

static void stop(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* direct: by process_vm_readv(), else by a descriptor. */
static struct memory *memory_of(pid_t child, struct reader *r, bool direct)
{
	struct memory *m = NULL;

	if (direct)
		m = memory_direct(child, r);
	else
		assert_int_equal(memory_open(child, r, &m, NULL), 0);
	assert_non_null(m);
	return m;
}

/* What is there, was never touched, or is not there is read as by whoever is not wary. */
static void test_same(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes[64];
	struct reader *r = reader_new();
	struct memory *m;
	pid_t child;

	assert_non_null(r);
	assert_true(pages != MAP_FAILED);
	memcpy(pages, "plain", 6);
	memcpy(pages + page - 3, "through", 8);
	assert_int_equal(munmap(pages + 3 * page, page), 0);
	child = start(NULL, 0);
	m = memory_of(child, r, *state != NULL);
	assert_false(memory_is_wary(m));
	reader_be_wary(r);
	assert_true(memory_is_wary(m));
	assert_int_equal(memory_read_string(m, P(pages), bytes, sizeof(bytes)), 5);
	assert_int_equal(memory_read_string(m, P(pages + page - 3), bytes, sizeof(bytes)), 7);
	assert_memory_equal(bytes, "through", 7);
	assert_int_equal(memory_read(m, P(pages + 2 * page), bytes, 8), 0); /* never touched */
	assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(memory_read(m, P(pages + 3 * page), bytes, 1), -EFAULT);
	assert_int_equal(memory_read(m, P(pages + 3 * page - 1), bytes, 2), -EFAULT);
	assert_int_equal(memory_read(m, 0, bytes, 1), -EFAULT);
	assert_false(memory_is_late(m));
	assert_true(reader_is_trusting(r));
	stop(child);
	assert_int_equal(memory_read(m, P(pages + 2 * page), bytes, 1), -ESRCH);
	memory_close(m);
	reader_free(r);
	munmap(pages, 3 * page);
}

/* Child that maps and unmaps the page as fast as it can. */
static pid_t start_flicker(char *page, size_t len)
{
	pid_t child = fork();

	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (child == 0) {
		munmap(page, len);
		mmap(page, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	assert_true(child > 0);
	return child;
}

/* A page that comes and goes is there or not, and is none that the process keeps from everybody. */
static void test_flicker(void **state)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), byte;
	struct reader *r = reader_new();
	struct memory *m;
	int sealed = 0;
	pid_t child;

	assert_non_null(r);
	assert_true(page != MAP_FAILED);
	child = start_flicker(page, len);
	m = memory_of(child, r, *state != NULL);
	for (int i = 0; i < 500; i++) {
		memory_read(m, P(page), &byte, 1);
		sealed += memory_is_sealed(m);
		memory_forget_sealed(m);
	}
	assert_int_equal(sealed, 0);
	stop(child);
	memory_close(m);
	reader_free(r);
	munmap(page, len);
}

static void test_late(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes[8];
	char text[256];
	struct reader *r = reader_new();
	struct memory *m;
	pid_t child;

	(void)state;
	assert_non_null(r);
	assert_true(pages != MAP_FAILED);
	memcpy(pages, "there", 6);
	child = start(pages + page, page);
	if (child < 0) {
		print_message("no userfaultfd here\n");
		reader_free(r);
		skip();
	}
	m = memory_of(child, r, true);
	reader_be_wary(r);
	for (int i = 0; i < READER_THREADS + 2; i++) {
		assert_int_equal(memory_read(m, P(pages + page), bytes, 1), -EAGAIN);
		assert_true(memory_is_late(m));
		assert_int_equal(memory_read(m, P(pages + page), bytes, 1), -EAGAIN);
		assert_int_equal(memory_read_string(m, P(pages), bytes, sizeof(bytes)), 5);
		memory_forget_late(m);
		assert_false(memory_is_late(m));
	}
	assert_false(reader_is_trusting(r));
	/* all threads are held up: what is there is read all the same */
	assert_int_equal(memory_read_string(m, P(pages), bytes, sizeof(bytes)), 5);
	assert_int_equal(reader_file(r, getpid(), "comm", text, sizeof(text)), -EBUSY);
	stop(child);
	/* and now they are free again */
	for (int i = 0; i < 1000 && reader_file(r, getpid(), "comm", text, sizeof(text)) == -EBUSY; i++)
		usleep(1000);
	assert_true(reader_file(r, getpid(), "comm", text, sizeof(text)) > 0);
	memory_close(m);
	reader_free(r);
	munmap(pages, 2 * page);
}

/* The two processors that the test runs on; false where there are none. */
static bool choose(cpu_set_t ret_one[2])
{
	cpu_set_t all;
	int n = 0;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &all)) {
			CPU_ZERO(&ret_one[n]);
			CPU_SET(cpu, &ret_one[n++]);
		}
	return n == 2;
}

/* A process that gives its processor to nobody for a while, several times what a read may take; -1: it may not. */
static pid_t start_hog(const cpu_set_t *where)
{
	const struct sched_param first = { .sched_priority = 1 };
	struct timespec begin, now;
	int pipes[2];
	bool can;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		can = sched_setaffinity(0, sizeof(*where), where) == 0 &&
		      sched_setscheduler(0, SCHED_FIFO, &first) == 0;
		if (write(pipes[1], &can, 1) != 1 || !can)
			_exit(1);
		clock_gettime(CLOCK_MONOTONIC, &begin);
		do
			clock_gettime(CLOCK_MONOTONIC, &now);
		while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
		       8 * READER_WAIT_MS);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(read(pipes[0], &can, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
	if (can)
		return child;
	waitpid(child, NULL, 0);
	return -1;
}

/* A thread that has no processor is waited for: the memory that it reads is not what holds it up. */
static void test_starved(void **state)
{
	struct reader *r = reader_new();
	cpu_set_t before, one[2];
	char text[256];
	pid_t hog = -1;
	bool can;

	(void)state;
	reader_be_wary(r);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	can = choose(one) && sched_setaffinity(0, sizeof(one[0]), &one[0]) == 0;
	/* its thread stays where it began */
	assert_true(reader_file(r, getpid(), "comm", text, sizeof(text)) > 0);
	if (can && sched_setaffinity(0, sizeof(one[1]), &one[1]) == 0)
		hog = start_hog(&one[0]);
	if (hog > 0) {
		assert_true(reader_file(r, getpid(), "comm", text, sizeof(text)) > 0);
		assert_true(reader_is_trusting(r));
		waitpid(hog, NULL, 0);
	}
	sched_setaffinity(0, sizeof(before), &before);
	reader_free(r);
	if (hog < 0) {
		print_message("nobody can be kept from a processor here\n");
		skip();
	}
}

static void test_file(void **state)
{
	struct reader *r = reader_new();
	char at_once[4096], text[4096];
	ssize_t n;

	(void)state;
	assert_false(reader_is_wary(NULL));
	n = reader_file(NULL, getpid(), "cmdline", at_once, sizeof(at_once));
	assert_true(n > 0);
	assert_int_equal(reader_file(r, getpid(), "cmdline", text, sizeof(text)), n);
	reader_be_wary(r);
	assert_int_equal(reader_file(r, getpid(), "cmdline", text, sizeof(text)), n);
	assert_memory_equal(text, at_once, (size_t)n);
	assert_int_equal(reader_file(r, getpid(), "cmdline", text, 3), 3);
	assert_true(reader_file(r, getpid(), "none", text, sizeof(text)) < 0);
	reader_free(r);
	reader_free(NULL);
}

/* A connected socket that stays for minutes when it is closed: nobody takes what was sent to the other end. */
static int lingering(int *ret_other)
{
	const struct linger linger = { 1, 120 };
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(here);
	char bytes[4096] = "";

	assert_int_equal(bind(listener, (struct sockaddr *)&here, len), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&here, len), 0);
	*ret_other = accept(listener, NULL, NULL);
	assert_true(*ret_other >= 0);
	close(listener);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	return fd;
}

static void be_interrupted(int number)
{
	(void)number;
}

/* More than there are threads that could wait, and none of them is needed. */
static void test_closing_many(void **state)
{
	const struct itimerval later = { { 60, 0 }, { 60, 0 } };
	struct reader *r = reader_new();
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	struct itimerval timer;
	sigset_t mask;

	(void)state;
	assert_int_equal(setitimer(ITIMER_REAL, &later, NULL), 0);
	for (size_t i = 0; i < LOOK_THREADS + 4; i++) {
		int other, fd = lingering(&other);

		descriptor_drop(fd, r);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		close(other);
	}
	assert_true(clock_ns(CLOCK_MONOTONIC) - since < 20000000000u);
	/* the timer is the tracer's again, and so is the signal */
	assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, &timer), 0);
	assert_int_equal(timer.it_interval.tv_sec, 60);
	assert_true(timer.it_value.tv_sec > 10);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_true(sigismember(&mask, SIGALRM));
	reader_free(r);
}

/* Threads, which no signal reaches, leave theirs to whoever closes the next one. */
static void test_closing_left(void **state)
{
	struct reader *r = reader_new();
	int fds[LOOK_THREADS], others[LOOK_THREADS], pipes[2];

	(void)state;
	assert_int_equal(reader_take_left(r), -1);
	for (size_t i = 0; i < LOOK_THREADS; i++) {
		fds[i] = lingering(&others[i]);
		reader_leave(r, fds[i]);
		assert_true(fcntl(fds[i], F_GETFD) >= 0);
	}
	assert_int_equal(pipe(pipes), 0);
	descriptor_drop(pipes[0], r); /* any */
	for (size_t i = 0; i < LOOK_THREADS; i++) {
		assert_int_equal(fcntl(fds[i], F_GETFD), -1);
		close(others[i]);
	}
	assert_int_equal(reader_take_left(r), -1);
	close(pipes[1]);
	reader_free(r);
}

struct waiting {
	struct job job; /* first */
	sem_t go, late;
};

static void wait_long(struct job *job)
{
	while (sem_wait(&((struct waiting *)job)->go) < 0)
		;
}

static void be_late(struct job *job)
{
	sem_post(&((struct waiting *)job)->late);
}

/* Where nobody is left who could wait for a server no more files are copied, and sockets are closed as ever. */
static void test_closing_nobody_left(void **state)
{
	struct reader *r = reader_new();
	struct waiting list[LOOK_THREADS];
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), again = dup(file), other, fd = lingering(&other);

	(void)state;
	descriptor_drop(again, r);
	assert_int_equal(fcntl(again, F_GETFD), -1);
	assert_false(reader_is_wary(r));
	for (size_t i = 0; i < LOOK_THREADS; i++) {
		list[i].job = (struct job){ wait_long, be_late };
		sem_init(&list[i].go, 0, 0);
		sem_init(&list[i].late, 0, 0);
		assert_int_equal(reader_do(r, &list[i].job), -EAGAIN);
	}
	descriptor_drop(fd, r);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	close(other);
	descriptor_drop(file, r);
	assert_true(fcntl(file, F_GETFD) >= 0);
	assert_true(reader_is_wary(r));
	assert_int_equal(descriptor_copy(getpid(), file, r), -EPERM);
	for (size_t i = 0; i < LOOK_THREADS; i++) {
		sem_post(&list[i].go);
		while (sem_wait(&list[i].late) < 0)
			;
		sem_destroy(&list[i].go);
	}
	close(file);
	usleep(20000); /* until they are behind that */
	reader_free(r);
}

static void test_closing(void **state)
{
	struct reader *r = reader_new();
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	int fd, other, pipes[2];

	(void)state;
	fd = lingering(&other);
	descriptor_drop(fd, r);
	assert_true(clock_ns(CLOCK_MONOTONIC) - since < 20000000000u);
	close(other); /* with what was not taken: that ends the other end, too */
	assert_int_equal(pipe(pipes), 0);
	descriptor_drop(pipes[0], r);
	assert_int_equal(fcntl(pipes[0], F_GETFD), -1);
	descriptor_drop(pipes[1], NULL);
	assert_int_equal(fcntl(pipes[1], F_GETFD), -1);
	descriptor_drop(-1, r);
	reader_free(r);
}

static void test_copy(void **state)
{
	struct reader *r = reader_new();
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int copy, sock = socket(AF_INET, SOCK_DGRAM, 0), none = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(file >= 0 && folder >= 0 && sock >= 0);
	copy = socket_copy(getpid(), sock, r);
	if (copy == -EPERM || copy == -ENOSYS)
		skip();
	assert_true(copy >= 0);
	close(copy);
	assert_int_equal(socket_copy(getpid(), file, r), -ENOTSOCK);
	copy = descriptor_copy(getpid(), file, r);
	assert_true(copy >= 0);
	descriptor_drop(copy, r);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	reader_be_wary(r);
	assert_int_equal(descriptor_copy(getpid(), file, r), -EPERM);
	assert_int_equal(descriptor_copy(getpid(), folder, r), -EPERM);
	copy = descriptor_copy(getpid(), none, r); /* of no path, and so of no server */
	assert_true(none < 0 || copy >= 0);
	close(copy);
	assert_int_equal(descriptor_copy(getpid(), 9999, r), -EBADF);
	copy = socket_copy(getpid(), sock, r);
	assert_true(copy >= 0);
	close(copy);
	close(none);
	close(folder);
	close(file);
	close(sock);
	reader_free(r);
}

int main(void)
{
	static int direct;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test_prestate(test_same, &direct),
		cmocka_unit_test(test_flicker),
		cmocka_unit_test_prestate(test_flicker, &direct),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_starved),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_closing_left),
		cmocka_unit_test(test_closing_many),
		cmocka_unit_test(test_closing_nobody_left),
		cmocka_unit_test(test_copy),
	};
	const struct sigaction interrupted = { .sa_handler = be_interrupted };
	sigset_t alarm;

	/* as the tracer does */
	sigaction(SIGALRM, &interrupted, NULL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
