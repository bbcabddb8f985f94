/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/task_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LATE UINT64_MAX

static const char description[] = "name: task_newtask\nID: 205\nformat:\n"
				  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
				  "\tfield:pid_t pid;\toffset:8;\tsize:4;\tsigned:1;\n"
				  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n"
				  "\tfield:u64 clone_flags;\toffset:32;\tsize:8;\tsigned:0;\n";
static const struct task_format format = { 205, 32, 8, 365 };

static void reads_a_description(void **state)
{
	static const char *const bad[] = {
		"",
		"ID: 205\n",
		"x\nID: 205\nfield:u64 clone_flags;\toffset:32;\tsize:3;\n",
		"x\nID: 205\nfield:u64 clone_flags;\toffset:99999;\tsize:8;\n",
		"x\nID: y\nfield:u64 clone_flags;\toffset:32;\tsize:8;\n",
		"x\nID: 205\nfield:u64 clone_flags;\tsize:8;\n",
	};
	struct task_format f;
	struct error err;

	(void)state;
	assert_int_equal(task_format_parse(description, &f, &err), 0);
	assert_int_equal(f.id, 205);
	assert_int_equal(f.flags_at, 32);
	assert_int_equal(f.flags_bytes, 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(task_format_parse(bad[i], &f, &err), -EBADMSG);
}

/* The records as the kernel lays them out (perf_event_open(2)), field by field. */
struct bytes {
	unsigned char b[256];
	size_t len;
};

static void put(struct bytes *out, const void *value, size_t len)
{
	memcpy(out->b + out->len, value, len);
	out->len += len;
}

static void put32(struct bytes *out, uint32_t value)
{
	put(out, &value, sizeof(value));
}

static void put64(struct bytes *out, uint64_t value)
{
	put(out, &value, sizeof(value));
}

static void begin(struct bytes *out, uint32_t type)
{
	*out = (struct bytes){ .len = 0 };
	put32(out, type);
	put32(out, 0); /* misc, size */
}

static int add(struct task_queue *q, struct bytes *record, uint64_t until)
{
	uint16_t size = (uint16_t)record->len;

	memcpy(record->b + 6, &size, sizeof(size));
	return task_queue_add(q, record->b, record->len, &format, until);
}

static int add_fork(struct task_queue *q, uint32_t type, pid_t pid, pid_t tid, pid_t caller, uint64_t time,
		    uint64_t until)
{
	struct bytes r;

	begin(&r, type);
	put32(&r, (uint32_t)pid);
	put32(&r, 1);
	put32(&r, (uint32_t)tid);
	put32(&r, (uint32_t)caller);
	put64(&r, time);
	put32(&r, (uint32_t)caller);
	put32(&r, (uint32_t)caller);
	put64(&r, time);
	return add(q, &r, until);
}

static int add_flags(struct task_queue *q, pid_t caller, uint64_t flags, uint64_t time)
{
	struct bytes r;

	begin(&r, PERF_RECORD_SAMPLE);
	put32(&r, (uint32_t)caller);
	put32(&r, (uint32_t)caller);
	put64(&r, time);
	put32(&r, 44);
	for (int i = 0; i < 4; i++)
		put64(&r, 0x5555555555555555);
	put64(&r, flags);
	put32(&r, 0);
	return add(q, &r, LATE);
}

static int add_exec(struct task_queue *q, pid_t pid, uint16_t tracepoint, uint64_t time)
{
	struct bytes r;

	begin(&r, PERF_RECORD_SAMPLE);
	put32(&r, (uint32_t)pid);
	put32(&r, (uint32_t)pid);
	put64(&r, time);
	put32(&r, 12);
	put32(&r, tracepoint);
	put64(&r, 0);
	return add(q, &r, LATE);
}

static int add_lost(struct task_queue *q, uint64_t lost, uint64_t time)
{
	struct bytes r;

	begin(&r, PERF_RECORD_LOST);
	put64(&r, 7);
	put64(&r, lost);
	put32(&r, 1);
	put32(&r, 1);
	put64(&r, time);
	return add(q, &r, LATE);
}

static void expect(struct task_queue *q, struct task_record wanted)
{
	struct task_record got;

	assert_true(task_queue_next(q, &got));
	assert_int_equal(got.change, wanted.change);
	assert_int_equal(got.tid, wanted.tid);
	assert_int_equal(got.pid, wanted.pid);
	assert_int_equal(got.caller, wanted.caller);
	assert_int_equal(got.flags, wanted.flags);
	assert_int_equal(got.lost, wanted.lost);
}

/* Two rings, read one after the other: a child of a child, whose birth and its parent's are in different ones. */
static void sorts_what_rings_tell(void **state)
{
	struct task_queue q = { 0 };
	struct task_record got;

	(void)state;
	assert_int_equal(add_fork(&q, PERF_RECORD_FORK, 30, 30, 20, 300, LATE), 1);
	assert_int_equal(add_flags(&q, 20, SIGCHLD | CLONE_VFORK, 301), 1);
	assert_int_equal(add_fork(&q, PERF_RECORD_EXIT, 30, 30, 20, 400, LATE), 1);
	assert_int_equal(add_fork(&q, PERF_RECORD_FORK, 20, 20, 10, 100, LATE), 1);
	assert_int_equal(add_flags(&q, 10, SIGCHLD, 101), 1);
	assert_int_equal(add_lost(&q, 9, 350), 1);
	assert_false(task_queue_next(&q, &got));
	assert_int_equal(task_queue_settle(&q), 0);
	expect(&q, (struct task_record){ .change = TASK_BORN, .tid = 20, .pid = 20, .caller = 10 });
	expect(&q,
	       (struct task_record){ .change = TASK_BORN, .tid = 30, .pid = 30, .caller = 20, .flags = CLONE_VFORK });
	expect(&q, (struct task_record){ .change = TASK_LOST, .lost = 9 });
	expect(&q, (struct task_record){ .change = TASK_ENDED, .tid = 30, .pid = 30 });
	assert_false(task_queue_next(&q, &got));
	task_queue_free(&q);
}

/* An execution is between what its process did before and behind it; other samples that are as short are none. */
static void tells_executions(void **state)
{
	struct task_queue q = { 0 };
	struct task_record got;

	(void)state;
	assert_int_equal(add_fork(&q, PERF_RECORD_EXIT, 30, 30, 20, 400, LATE), 1);
	assert_int_equal(add_exec(&q, 30, 365, 300), 1);
	assert_int_equal(add_exec(&q, 30, 205, 300), -EBADMSG);
	assert_int_equal(add_fork(&q, PERF_RECORD_EXIT, 30, 31, 30, 200, LATE), 1);
	assert_int_equal(task_queue_settle(&q), 0);
	expect(&q, (struct task_record){ .change = TASK_ENDED, .tid = 31, .pid = 30 });
	expect(&q, (struct task_record){ .change = TASK_EXECUTED, .tid = 30, .pid = 30 });
	expect(&q, (struct task_record){ .change = TASK_ENDED, .tid = 30, .pid = 30 });
	assert_false(task_queue_next(&q, &got));
	task_queue_free(&q);
}

/*
 * Births of two threads at the same time: each gets its own flags, and waits for them beyond one reading of
 * the rings.
 */
static void joins_births_and_flags(void **state)
{
	struct task_queue q = { 0 };
	struct task_record got;

	(void)state;
	assert_int_equal(add_fork(&q, PERF_RECORD_FORK, 10, 12, 10, 100, LATE), 1);
	assert_int_equal(add_fork(&q, PERF_RECORD_FORK, 21, 21, 20, 101, LATE), 1);
	assert_int_equal(add_flags(&q, 20, SIGCHLD, 103), 1);
	assert_int_equal(task_queue_settle(&q), 0);
	expect(&q, (struct task_record){ .change = TASK_BORN, .tid = 21, .pid = 21, .caller = 20 });
	assert_false(task_queue_next(&q, &got));
	assert_int_equal(add_flags(&q, 10, CLONE_THREAD | CLONE_VM, 104), 1);
	assert_int_equal(add_flags(&q, 99, CLONE_THREAD, 105), 1); /* whose birth was lost */
	assert_int_equal(task_queue_settle(&q), 0);
	expect(&q, (struct task_record){
			   .change = TASK_BORN, .tid = 12, .pid = 10, .caller = 10, .flags = CLONE_THREAD | CLONE_VM });
	assert_false(task_queue_next(&q, &got));
	task_queue_free(&q);
}

static void leaves_what_is_later(void **state)
{
	struct task_queue q = { 0 };
	struct task_record got;

	(void)state;
	assert_int_equal(add_fork(&q, PERF_RECORD_EXIT, 30, 30, 1, 200, 199), 0);
	assert_int_equal(add_fork(&q, PERF_RECORD_EXIT, 31, 31, 1, 199, 199), 1);
	assert_int_equal(task_queue_settle(&q), 0);
	expect(&q, (struct task_record){ .change = TASK_ENDED, .tid = 31, .pid = 31 });
	assert_false(task_queue_next(&q, &got));
	task_queue_free(&q);
}

static void refuses_what_is_cut(void **state)
{
	static const uint32_t types[] = { PERF_RECORD_FORK, PERF_RECORD_EXIT, PERF_RECORD_SAMPLE, PERF_RECORD_LOST };
	struct task_queue q = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bytes r;

		begin(&r, types[i]);
		put64(&r, 0);
		put64(&r, 0);
		assert_int_equal(add(&q, &r, LATE), -EBADMSG);
	}
	assert_int_equal(task_queue_add(&q, "abc", 3, &format, LATE), -EBADMSG);
	/* of other kinds nothing is asked */
	{
		struct bytes r;

		begin(&r, PERF_RECORD_COMM);
		assert_int_equal(add(&q, &r, LATE), 1);
	}
	assert_int_equal(task_queue_settle(&q), 0);
	task_queue_free(&q);
}

/* ---- a ring as the kernel fills it ---- */

#define RING_BYTES 4096

static struct {
	struct perf_event_mmap_page *page;
	size_t page_bytes;
	char *records; /* behind the page */
	struct task_ring ring;
	uint64_t more; /* what comes at the moment at which records are given back */
} world;

static void open_world(void)
{
	char *pages;

	world.page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, world.page_bytes + RING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	world.page = (struct perf_event_mmap_page *)pages;
	world.records = pages + world.page_bytes;
	world.ring = (struct task_ring){ .page = world.page, .records = world.records, .bytes = RING_BYTES };
}

static void close_world(void)
{
	munmap(world.page, world.page_bytes + RING_BYTES);
}

/* A record of a kind, of so many bytes. */
static void record_bytes(struct bytes *record, uint32_t type, uint16_t size)
{
	begin(record, type);
	if (type == PERF_RECORD_LOST) {
		put64(record, 7);
		put64(record, 3);
	} else if (type == PERF_RECORD_SAMPLE) {
		put64(record, 0);
		put64(record, 1);
		put32(record, 44);
	} else {
		put64(record, 0);
		put64(record, 0);
		put64(record, 1);
	}
	while (record->len < size)
		put32(record, 0);
	memcpy(record->b + 6, &size, sizeof(size));
}

static void write_record(uint32_t type, uint16_t size)
{
	struct bytes record;

	record_bytes(&record, type, size);
	for (size_t i = 0; i < size; i++)
		world.records[(world.page->data_head + i) % RING_BYTES] = (char)record.b[i];
	world.page->data_head += size;
}

/* How many were lost by what is read now; 0 also when it was told that there may be more. */
static uint64_t read_lost(bool *ret_told)
{
	struct task_queue q = { 0 };
	struct task_record record;
	uint64_t lost = 0;

	*ret_told = false;
	assert_int_equal(task_ring_read(&world.ring, &q, &format, LATE), 0);
	assert_int_equal(task_queue_settle(&q), 0);
	while (task_queue_next(&q, &record)) {
		*ret_told |= record.change == TASK_LOST;
		lost += record.lost;
	}
	task_queue_free(&q);
	return lost;
}

/* The longest record has 80 bytes; whether it was refused nobody says, but it was where it would have left no byte. */
static void a_full_ring_has_lost_something(void **state)
{
	bool told;

	(void)state;
	for (uint16_t left = 72; left <= 96; left += 8) {
		open_world();
		write_record(PERF_RECORD_SAMPLE, 80);
		while (RING_BYTES - world.page->data_head > left + 80u)
			write_record(PERF_RECORD_EXIT, 48);
		write_record(PERF_RECORD_EXIT, (uint16_t)(RING_BYTES - world.page->data_head - left));
		assert_int_equal(read_lost(&told), left <= 80);
		assert_int_equal(world.page->data_tail, RING_BYTES - left);
		assert_int_equal(read_lost(&told), 0);
		close_world();
	}
}

/* The kernel says how many they were: those that were told before are among them. */
static void the_kernel_counts(void **state)
{
	bool told;

	(void)state;
	open_world();
	write_record(PERF_RECORD_LOST, 40); /* nobody had guessed */
	assert_int_equal(read_lost(&told), 3);
	while (RING_BYTES - (world.page->data_head - world.page->data_tail) > 48)
		write_record(PERF_RECORD_EXIT, 48);
	assert_int_equal(read_lost(&told), 1);
	write_record(PERF_RECORD_LOST, 40);
	write_record(PERF_RECORD_EXIT, 48);
	assert_int_equal(read_lost(&told), 2);
	write_record(PERF_RECORD_LOST, 40);
	assert_int_equal(read_lost(&told), 3);
	close_world();
}

static void fill_up(int signal)
{
	(void)signal;
	mprotect(world.page, world.page_bytes, PROT_READ | PROT_WRITE);
	for (; world.more; world.more--)
		write_record(PERF_RECORD_EXIT, 48);
}

/*
 * Between our look at its end and the return of what was read the ring fills up: it has less room then than
 * we believe it has.
 */
static void a_ring_fills_up_while_it_is_read(void **state)
{
	struct sigaction action = { .sa_handler = fill_up }, former;
	bool told;

	(void)state;
	for (unsigned int more = 73; more <= 75; more++) {
		open_world();
		for (int i = 0; i < 10; i++)
			write_record(PERF_RECORD_EXIT, 48);
		world.more = more;
		assert_int_equal(sigaction(SIGSEGV, &action, &former), 0);
		mprotect(world.page, world.page_bytes, PROT_READ); /* to write the tail is to be late */
		assert_int_equal(read_lost(&told), 0);
		assert_int_equal(sigaction(SIGSEGV, &former, NULL), 0);
		assert_int_equal(world.more, 0);
		assert_false(told); /* it is behind what was recorded before */
		assert_int_equal(read_lost(&told), more == 75);
		close_world();
	}
}

static void *do_nothing(void *context)
{
	return context;
}

static bool find(struct task_rings *r, struct task_record *ret_record, enum task_change change, pid_t caller, pid_t tid)
{
	assert_int_equal(task_rings_look(r), 0);
	while (task_rings_next(r, ret_record))
		if (ret_record->change == change && (!caller || ret_record->caller == caller) &&
		    (!tid || ret_record->tid == tid))
			return true;
	return false;
}

static pid_t execute(void)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	return child;
}

static void hears_of_real_tasks(void **state)
{
	auto_task_rings struct task_rings *r = NULL;
	struct task_record record;
	struct error err;
	pthread_t thread;
	pid_t child;

	(void)state;
	if (task_rings_open(&r, &err) < 0) {
		print_message("births are not recorded for us here: %s\n", err.text);
		assert_int_not_equal(geteuid(), 0);
		skip();
	}
	child = fork();
	if (child == 0)
		_exit(0);
	assert_true(find(r, &record, TASK_BORN, getpid(), child));
	assert_int_equal(record.pid, child);
	assert_int_equal(record.flags & (CLONE_VM | CLONE_THREAD), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(find(r, &record, TASK_ENDED, 0, child));

	assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
	assert_true(find(r, &record, TASK_BORN, getpid(), 0));
	assert_int_equal(record.pid, getpid());
	assert_int_not_equal(record.tid, getpid());
	assert_int_equal(record.flags & (CLONE_VM | CLONE_THREAD), CLONE_VM | CLONE_THREAD);
	assert_int_equal(pthread_join(thread, NULL), 0);

	/* of executions when it is asked for */
	child = execute();
	assert_false(find(r, &record, TASK_EXECUTED, 0, child));
	assert_true(task_rings_watch_execs(r));
	child = execute();
	assert_true(find(r, &record, TASK_EXECUTED, 0, child));
	assert_int_equal(record.pid, child);
	assert_true(find(r, &record, TASK_ENDED, 0, child));
}

static uint64_t lost_with(struct task_rings *r, long processors)
{
	struct task_record record;
	uint64_t lost = 0;

	assert_int_equal(task_rings_processors(r, processors), 0);
	while (task_rings_next(r, &record))
		lost += record.change == TASK_LOST;
	return lost;
}

/* A processor that comes later has no ring, and one that was off has one no more. */
static void misses_what_other_processors_do(void **state)
{
	long on = sysconf(_SC_NPROCESSORS_ONLN);
	auto_task_rings struct task_rings *r = NULL;
	struct error err;

	(void)state;
	if (task_rings_open(&r, &err) < 0) {
		print_message("births are not recorded for us here: %s\n", err.text);
		assert_int_not_equal(geteuid(), 0);
		skip();
	}
	assert_int_equal(lost_with(r, on), 0);
	assert_int_equal(lost_with(r, -1), 0);
	assert_int_equal(lost_with(r, on + 1), 1);
	assert_int_equal(lost_with(r, on + 1), 1);
	assert_int_equal(lost_with(r, on), 0);
	if (on == 1)
		return;
	assert_int_equal(lost_with(r, on - 1), 0);
	assert_int_equal(lost_with(r, on), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_description),    cmocka_unit_test(sorts_what_rings_tell),
		cmocka_unit_test(tells_executions),
		cmocka_unit_test(joins_births_and_flags), cmocka_unit_test(leaves_what_is_later),
		cmocka_unit_test(refuses_what_is_cut),    cmocka_unit_test(a_full_ring_has_lost_something),
		cmocka_unit_test(the_kernel_counts),      cmocka_unit_test(a_ring_fills_up_while_it_is_read),
		cmocka_unit_test(hears_of_real_tasks),
		cmocka_unit_test(misses_what_other_processors_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
