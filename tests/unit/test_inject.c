/* SPDX-License-Identifier: Apache-2.0 */
/* Opens whose descriptors a thread hands over: which ones, and that each is told in turn, as it ended. */
#include "tracer/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/unit/no_listener.h"

enum { CALLS = 64, LISTENER = 4711, INODE = 1000, NUMBER = 50, OTHER = 99 };

static struct tracer t;
static struct tracee *caller;
static cpu_set_t all;
static sem_t gate; /* whoever hands over waits for it … */
static sem_t arrived; /* … and says so */
static bool quiet;

/* By the calls' ids: what the kernel says, what it was asked for, and what became of the call. */
static int numbers[CALLS];
static struct {
	int listener;
	bool cloexec, killable, continued;
	int64_t returned;
} asked[CALLS];

int notify_hand_over(int listener, uint64_t id, int fd, bool cloexec, bool killable)
{
	sem_post(&arrived);
	while (sem_wait(&gate) < 0)
		;
	asked[id].listener = listener;
	asked[id].cloexec = cloexec;
	asked[id].killable = killable;
	close(fd);
	return numbers[id];
}

int notify_continue(int listener, uint64_t id)
{
	(void)listener;
	asked[id].continued = true;
	return 0;
}

int notify_return(int listener, uint64_t id, int64_t value)
{
	(void)listener;
	asked[id].returned = value;
	return 0;
}

static void open_gate(unsigned int times)
{
	while (times--)
		sem_post(&gate);
}

static pid_t new_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static int begin(void **state)
{
	pid_t pid = new_process();

	(void)state;
	alarm(60); /* a thread that does not come back */
	t = (struct tracer){ .listener = LISTENER, .slow = { .fd = -1 }, .seizing = true, .killable = true };
	t.crowd.others = true;
	t.crowd.running = 1;
	quiet = false;
	calls_init(&t.calls);
	sem_init(&gate, 0, 0);
	sem_init(&arrived, 0, 0);
	memset(asked, 0, sizeof(asked));
	for (int i = 0; i < CALLS; i++)
		numbers[i] = NUMBER + i;
	if (sched_getaffinity(0, sizeof(all), &all) < 0 || tracees_init(&t.tracees, NULL) < 0)
		return -1;
	caller = tracees_add(&t.tracees, pid, pid);
	if (!caller)
		return -1;
	caller->seized = true;
	return 0;
}

static int end(void **state)
{
	(void)state;
	/* what a test that failed has left */
	open_gate(CALLS);
	t.injections = 0;
	inject_free(&t);
	kill(caller->tid, SIGKILL);
	waitpid(caller->tid, NULL, __WALL);
	tracees_free(&t.tracees);
	event_builder_free(&t.builder);
	event_builder_free(&t.fetched);
	figures_clear(&t.figures);
	sem_destroy(&gate);
	sem_destroy(&arrived);
	return sched_setaffinity(0, sizeof(all), &all);
}

static void need_processors(void)
{
	if (CPU_COUNT(&all) < 2)
		skip();
}

/* Another call is the pending one before and behind all that is told. */
static void be_at_another(void)
{
	snprintf(t.path, sizeof(t.path), "/another");
	snprintf(t.real_path, sizeof(t.real_path), "/another");
	t.pending = (struct pending){ .cookie = OTHER };
	t.ext = (struct event_ext){ .raced = (enum raced)OTHER };
	t.looked_behind = OTHER;
}

/* An open of a path that its number is in; memory is never to be touched again. */
static bool queue(unsigned int id)
{
	const struct stat st = { .st_ino = INODE + id };
	int fd = open("/", O_PATH | O_CLOEXEC);
	bool queued;

	snprintf(t.path, sizeof(t.path), "/asked/%u", id);
	snprintf(t.real_path, sizeof(t.real_path), "/real/%u", id);
	t.pending = (struct pending){
		.active = true,
		.notified = true,
		.id = id,
		.since = tracer_now(),
		.tracee = caller,
		.quiet = quiet,
		.call = { .tid = caller->tid,
			  .pid = caller->tid,
			  .number = SYS_openat,
			  .args = { (uint64_t)AT_FDCWD },
			  .ts = 1,
			  .path = str_of(t.path),
			  .memory = (struct memory *)8,
			  .object_fd = -1 },
	};
	t.ext = (struct event_ext){ .real_path = str_of(t.real_path), .raced = id % 2 ? RACED_POSSIBLE : RACED_NO };
	t.crowd.asked = t.pending.since; /* how many run */
	queued = inject_queue(&t, fd, &st, id % 2);
	assert_int_equal(t.pending.active, !queued);
	if (!queued)
		close(fd);
	be_at_another();
	return queued;
}

/* The event of the next one; NULL = it has none. */
static const struct event *tell(void)
{
	static struct event ev;
	struct error err;
	unsigned int before = t.injections;
	int r = inject_tell(&t, true, &ev, &err);

	assert_true(r >= 0);
	assert_int_equal(t.injections, before - 1);
	assert_int_equal(t.pending.cookie, OTHER);
	return r > 0 ? &ev : NULL;
}

static void expect(unsigned int id)
{
	const struct event *ev = tell();
	char path[32];

	assert_non_null(ev);
	assert_int_equal(ev->type, EV_SYSCALL_OPENAT_2_X);
	assert_int_equal(ev->tid, caller->tid);
	assert_true(ev->ts > 1 && ev->ts <= tracer_now());
	assert_int_equal(event_param_int(ev, 0), NUMBER + id);
	snprintf(path, sizeof(path), "/asked/%u", id);
	assert_true(str_eq(event_param_text(ev, 2), str_of(path)));
	assert_int_equal(event_param_uint(ev, 6), INODE + id);
	snprintf(path, sizeof(path), "/real/%u", id);
	assert_true(str_eq(t.ext.real_path, str_of(path)));
	assert_int_equal(t.ext.raced, id % 2 ? RACED_POSSIBLE : RACED_NO);
	assert_int_equal(t.looked_behind, 0);
	assert_int_equal(asked[id].listener, LISTENER);
	assert_int_equal(asked[id].cloexec, id % 2);
	assert_int_equal(asked[id].killable, t.killable);
}

/* More than there is room for, while some are told. */
static void are_told_in_turn(void **state)
{
	unsigned int queued = 0, told = 0;

	(void)state;
	need_processors();
	open_gate(CALLS);
	while (told < CALLS) {
		while (queued < CALLS && queued - told < INJECT_QUEUE && queued < told / 2 * 3 + 2)
			assert_true(queue(queued++));
		expect(told++);
	}
	assert_int_equal(t.injections, 0);
	assert_int_equal(t.figures.calls[SYS_openat][FIGURES_ON_BEHALF], CALLS);
	assert_int_equal(t.figures.all.count, CALLS);
	assert_int_equal(t.stats.events, CALLS);
}

static void are_waited_for_when_due(void **state)
{
	struct event ev;
	struct error err;

	(void)state;
	need_processors();
	t.killable = false;
	for (unsigned int i = 0; i < INJECT_QUEUE; i++) {
		assert_true(queue(i));
		assert_int_equal(inject_is_due(&t), i == INJECT_QUEUE - 1);
	}
	assert_int_equal(inject_tell(&t, false, &ev, &err), 0); /* it is not done yet */
	assert_int_equal(t.injections, INJECT_QUEUE);
	open_gate(INJECT_QUEUE);
	for (unsigned int i = 0; i < INJECT_QUEUE; i++)
		expect(i);
}

/* Others wait, processors are idle, and who it is remains who it is. */
static void are_queued_where_that_is_a_gain(void **state)
{
	unsigned int processors = (unsigned int)CPU_COUNT(&all);

	(void)state;
	need_processors();
	open_gate(CALLS);
	t.crowd.others = false;
	assert_false(queue(0));
	assert_null(t.injector);
	t.crowd.others = true;
	caller->seized = false;
	assert_false(queue(0));
	caller->seized = true;
	t.crowd.running = processors + 2;
	assert_false(queue(0));
	t.crowd.running = processors + 1;
	assert_true(queue(0));
	assert_false(inject_is_due(&t));
	/* behind what is queued come all, and the end of the queue */
	t.crowd.others = false;
	t.crowd.running = processors + 2;
	assert_true(queue(1));
	assert_true(inject_is_due(&t));
	expect(0);
	expect(1);
	t.crowd.others = true;
	assert_false(queue(2));
}

static void need_ptrace_and_processors(void **state)
{
	size_t first = 0;
	cpu_set_t one;

	(void)state;
	for (int seizing = 0; seizing < 2; seizing++) {
		while (!CPU_ISSET(first, &all))
			first++;
		CPU_ZERO(&one);
		CPU_SET(first, &one);
		t.injector_tried = false;
		t.seizing = seizing;
		if (seizing)
			assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		assert_false(queue(0));
		t.seizing = true; /* that is asked once */
		assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
		assert_false(queue(0));
		assert_null(t.injector);
	}
}

/* ---- ends ---- */

static void end_with(int number)
{
	numbers[0] = number;
	assert_true(queue(0));
	open_gate(1);
}

static void are_nothing_for_who_is_gone(void **state)
{
	static const int gone[] = { -ENOENT, -ESRCH };

	(void)state;
	need_processors();
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		end_with(gone[i]);
		assert_null(tell());
		assert_false(asked[0].continued);
		assert_int_equal(asked[0].returned, 0);
		assert_int_equal(t.figures.all.count, i + 1);
	}
	assert_int_equal(t.stats.events, 0);
}

static void tell_who_is_out_of_descriptors(void **state)
{
	static const int out[] = { -EMFILE, -ENFILE };

	(void)state;
	need_processors();
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		const struct event *ev;

		end_with(out[i]);
		ev = tell();
		assert_non_null(ev);
		assert_int_equal(event_param_int(ev, 0), out[i]);
		assert_int_equal(t.ext.real_path.len, 0); /* nothing is open */
		assert_int_equal(asked[0].returned, out[i]);
		assert_int_equal(t.figures.calls[SYS_openat][FIGURES_ON_BEHALF], i + 1);
	}
}

/* What else may fail the caller makes itself, and it is looked at behind that where it can be. */
static void are_the_callers_own_otherwise(void **state)
{
	(void)state;
	need_processors();
	end_with(-EBUSY);
	assert_null(tell());
	assert_true(asked[0].continued);
	assert_int_equal(asked[0].returned, 0);
	assert_int_equal(caller->follow, FOLLOW_NONE);
	if (ptrace(PTRACE_SEIZE, caller->tid, NULL, NULL) < 0)
		skip();
	asked[0].continued = false;
	end_with(-EBUSY);
	assert_null(tell());
	assert_true(asked[0].continued);
	assert_int_equal(caller->follow, FOLLOW_EXIT_CHECK);
	assert_string_equal(caller->path, "/asked/0");
}

static void are_not_told_where_nobody_asks(void **state)
{
	(void)state;
	need_processors();
	quiet = true;
	end_with(NUMBER);
	assert_null(tell());
	assert_false(asked[0].continued);
	assert_int_equal(t.figures.all.count, 1);
	assert_int_equal(t.stats.events, 0);
}

/* ---- the thread ---- */

static pid_t other_thread(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t found = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != getpid())
			found = tid;
	}
	closedir(dir);
	return found;
}

static bool sleeps(pid_t tid)
{
	char path[64], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return strstr(text, ") S ") != NULL;
}

/* It is awake for a moment, not for good: neither without work nor while a caller does not come. */
static void let_their_thread_sleep(void **state)
{
	pid_t thread;

	(void)state;
	need_processors();
	assert_true(queue(0));
	thread = other_thread();
	while (!sleeps(thread))
		usleep(1000);
	open_gate(1);
	expect(0);
	while (!sleeps(thread))
		usleep(1000);
	inject_free(&t);
	assert_null(t.injector);
	while (other_thread())
		usleep(1000);
	inject_free(&t); /* there is none */
}

/* A caller may be frozen: then its end is not waited for. */
static void do_not_hold_up_the_end(void **state)
{
	pid_t child;
	int status;

	(void)state;
	need_processors();
	child = fork();
	if (child == 0) {
		alarm(60);
		queue(0);
		while (sem_wait(&arrived) < 0)
			;
		inject_free(&t);
		_exit(t.injections == 1 && !t.injector ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(are_told_in_turn),
		TEST(are_waited_for_when_due),
		TEST(are_queued_where_that_is_a_gain),
		TEST(need_ptrace_and_processors),
		TEST(are_nothing_for_who_is_gone),
		TEST(tell_who_is_out_of_descriptors),
		TEST(are_the_callers_own_otherwise),
		TEST(are_not_told_where_nobody_asks),
		TEST(let_their_thread_sleep),
		TEST(do_not_hold_up_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
