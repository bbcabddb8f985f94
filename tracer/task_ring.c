/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/task_ring.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"

/* ---- the tracepoints ----------------------------------------------------------------------------------- */

/* A tracefs that nobody else sees (Linux 5.2); negative errno. */
static int mount_tracefs(void)
{
	auto_fd int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
}

static int read_event(const char *tracefs, const char *name, char **ret_text)
{
	char path[128];
	size_t len;

	snprintf(path, sizeof(path), "%s/events/%s", tracefs, name);
	return file_read_all(path, PROC_FILE_BYTES, ret_text, &len, NULL);
}

static int read_format(struct task_format *ret_format, struct error *err)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	static const char births[] = "task/task_newtask/format";
	auto_free char *text = NULL, *id = NULL;
	auto_fd int mounted = -1;
	char place[64];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r < 0; i++) {
		snprintf(place, sizeof(place), "%s", places[i]);
		r = read_event(place, births, &text);
	}
	if (r < 0) {
		mounted = mount_tracefs();
		snprintf(place, sizeof(place), "/proc/self/fd/%d", mounted);
		r = mounted < 0 ? r : read_event(place, births, &text);
	}
	if (r < 0)
		return error_errno(
			err, r,
			"births are not recorded for us: no description of the tracepoint task_newtask (the capability SYS_ADMIN, or a tracefs that we may read)");
	r = task_format_parse(text, ret_format, err);
	if (r < 0)
		return r;
	if (read_event(place, "sched/sched_process_exec/id", &id) < 0 ||
	    parse_u32((struct str){ id, strcspn(id, "\n") }, &ret_format->exec_id) < 0)
		ret_format->exec_id = 0;
	return 0;
}

/* ---- one ring ------------------------------------------------------------------------------------------ */

/* Copies len bytes at a position that counts on; what reaches the end goes on at the beginning. */
static void copy(const struct task_ring *ring, uint64_t position, void *bytes, size_t len)
{
	size_t at = position & (ring->bytes - 1), first = ring->bytes - at < len ? ring->bytes - at : len;

	memcpy(bytes, ring->records + at, first);
	memcpy((char *)bytes + first, ring->records, len - first);
}

/* The kernel's count, less what was told of it before. */
static void hear_lost(struct task_ring *ring, struct task_record *record)
{
	uint64_t known = ring->guessed < record->lost ? ring->guessed : record->lost;

	ring->guessed -= known;
	record->lost -= known;
	ring->full = false;
}

/* 1 = the record was taken, and its bytes are free again; 0 = it was made later. */
static int take_record(struct task_ring *ring, struct task_queue *q, const struct task_format *format, uint64_t until,
		       uint64_t tail, const struct perf_event_header *header)
{
	size_t len = header->size < TASK_RECORD_BYTES ? header->size : TASK_RECORD_BYTES;
	_Alignas(8) char record[TASK_RECORD_BYTES];
	int r;

	copy(ring, tail, record, len);
	r = task_queue_add(q, record, len, format, until);
	if (r <= 0)
		return r;
	if (header->size > ring->longest)
		ring->longest = header->size;
	if (header->type == PERF_RECORD_LOST)
		hear_lost(ring, &q->fresh.records[q->fresh.count - 1]);
	return 1;
}

/*
 * The kernel writes no record that would leave no byte free. It says how many were lost in front of the next
 * one of this ring, which may never come: until then they are one, behind what was recorded before. The ring
 * fills up while it is read, too, and stays full until the records are given back: how far it came only a
 * look behind that tells.
 */
static int note_loss(struct task_ring *ring, struct task_queue *q, uint64_t first, uint64_t tail, uint64_t until)
{
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);

	if (head - first + ring->longest >= ring->bytes) {
		ring->full = true;
		ring->full_at = head;
	}
	if (!ring->full || (int64_t)(tail - ring->full_at) < 0)
		return 0;
	ring->full = false;
	ring->guessed++;
	return task_list_add(&q->fresh, &(struct task_record){ .change = TASK_LOST, .time = until, .lost = 1 });
}

int task_ring_read(struct task_ring *ring, struct task_queue *q, const struct task_format *format, uint64_t until)
{
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE), first = ring->page->data_tail,
		 tail = first;
	int r = 1;

	while (head - tail >= sizeof(struct perf_event_header) && r > 0) {
		struct perf_event_header header;

		copy(ring, tail, &header, sizeof(header));
		if (header.size < sizeof(header) || header.size > head - tail)
			return -EBADMSG;
		r = take_record(ring, q, format, until, tail, &header);
		if (r > 0)
			tail += header.size;
	}
	if (r < 0)
		return r;
	__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return note_loss(ring, q, first, tail, until);
}

/* ---- rings --------------------------------------------------------------------------------------------- */

struct ring {
	int fd;
	int processor;
	int execs; /* descriptor of what records executions into the same ring; negative = there is none */
	struct task_ring mapped;
};

struct task_rings {
	struct ring *rings;
	size_t count;
	size_t on; /* rings whose processors have been on since: an event does not outlive that */
	size_t page_bytes;
	bool lacks_execs; /* it was tried */
	int poll; /* epoll descriptor of all rings */
	struct task_format format;
	struct task_queue queue;
};

static size_t ring_bytes(long processors)
{
	size_t bytes = TASK_RING_BYTES_MAX;

	while (bytes > TASK_RING_BYTES_MIN && bytes * (size_t)processors > TASK_RINGS_BYTES)
		bytes /= 2;
	return bytes;
}

static struct perf_event_attr tracepoint(uint32_t id)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(struct perf_event_attr),
		.config = id,
		.sample_period = 1,
		.sample_type = TASK_SAMPLE_TYPE,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
}

/* 0 also for a processor that is off. */
static int open_ring(struct task_rings *r, int processor, size_t bytes)
{
	struct perf_event_attr attr = tracepoint(r->format.id);
	struct epoll_event event = { .events = EPOLLIN };
	struct ring *ring = &r->rings[r->count];
	void *page;

	attr.task = 1;
	attr.watermark = 1;
	attr.wakeup_watermark = (uint32_t)bytes / 4;
	ring->processor = processor;
	ring->execs = -1;
	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return errno == ENODEV ? 0 : -errno;
	r->count++;
	page = mmap(NULL, r->page_bytes + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	ring->mapped =
		(struct task_ring){ .page = page, .records = (const char *)page + r->page_bytes, .bytes = bytes };
	return epoll_ctl(r->poll, EPOLL_CTL_ADD, ring->fd, &event) < 0 ? -errno : 0;
}

static int open_execs(uint32_t id, const struct ring *ring)
{
	struct perf_event_attr attr = tracepoint(id);
	auto_fd int fd = -1;

	attr.wakeup_events = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, ring->processor, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) < 0 ? -errno : take_fd(fd);
}

bool task_rings_watch_execs(struct task_rings *r)
{
	r->lacks_execs |= !r->format.exec_id;
	for (size_t i = 0; i < r->count && !r->lacks_execs; i++) {
		struct ring *ring = &r->rings[i];

		if (ring->execs < 0)
			ring->execs = open_execs(r->format.exec_id, ring);
		r->lacks_execs = ring->execs < 0 && ring->execs != -ENODEV; /* that processor is off by now */
	}
	return !r->lacks_execs;
}

int task_rings_open(struct task_rings **ret_rings, struct error *err)
{
	long processors = sysconf(_SC_NPROCESSORS_CONF), page_bytes = sysconf(_SC_PAGESIZE);
	auto_task_rings struct task_rings *r = calloc(1, sizeof(*r));
	struct rlimit limit;
	int e;

	if (!r)
		return error_set(err, -ENOMEM, "out of memory");
	r->poll = -1;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		limit.rlim_max = RLIM_INFINITY;
	if (limit.rlim_max < (rlim_t)processors + RUN_FEW_DESCRIPTORS)
		return error_set(
			err, -EMFILE,
			"births are not recorded for us: that takes a descriptor for each of %ld processors, and %d beside (ulimit -n)",
			processors, RUN_FEW_DESCRIPTORS);
	r->poll = epoll_create1(EPOLL_CLOEXEC);
	r->rings = calloc((size_t)processors, sizeof(*r->rings));
	r->page_bytes = (size_t)page_bytes;
	if (r->poll < 0 || !r->rings)
		return error_set(err, -ENOMEM, "out of memory or descriptors");
	e = read_format(&r->format, err);
	if (e < 0)
		return e;
	if (limit.rlim_max < 2 * (rlim_t)processors + RUN_FEW_DESCRIPTORS)
		r->format.exec_id = 0;
	for (int i = 0; i < processors; i++) {
		e = open_ring(r, i, ring_bytes(processors));
		if (e < 0)
			return error_errno(
				err, e,
				"births are not recorded for us: no perf event (the capabilities PERFMON and IPC_LOCK, and a profile that allows perf_event_open)");
	}
	r->on = r->count;
	*ret_rings = take_ptr(r);
	return 0;
}

void task_rings_free(struct task_rings *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->rings && i < r->count; i++) {
		if (r->rings[i].mapped.page)
			munmap(r->rings[i].mapped.page, r->page_bytes + r->rings[i].mapped.bytes);
		if (r->rings[i].execs >= 0)
			close(r->rings[i].execs);
		close(r->rings[i].fd);
	}
	if (r->poll >= 0)
		close(r->poll);
	task_queue_free(&r->queue);
	free(r->rings);
	free(r);
}

int task_rings_fd(const struct task_rings *r)
{
	return r->poll;
}

int task_rings_look(struct task_rings *r)
{
	bool any = false;
	uint64_t now;
	int e = 0;

	for (size_t i = 0; i < r->count && !any; i++)
		any = __atomic_load_n(&r->rings[i].mapped.page->data_head, __ATOMIC_RELAXED) !=
		      r->rings[i].mapped.page->data_tail;
	if (!any)
		return 0;
	/*
	 * Rings are read one after the other, and meanwhile a child whose birth went into one that is done
	 * with can have children of its own. What was made before the first is read is whole: a cause is in
	 * its ring before its consequences begin.
	 */
	now = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < r->count && e == 0; i++)
		e = task_ring_read(&r->rings[i].mapped, &r->queue, &r->format, now);
	return e == 0 ? task_queue_settle(&r->queue) : e;
}

int task_rings_processors(struct task_rings *r, long on)
{
	if (on <= 0) /* not known */
		return 0;
	if ((size_t)on <= r->on) {
		r->on = (size_t)on;
		return 0;
	}
	return task_list_add(&r->queue.ready,
			&(struct task_record){ .change = TASK_LOST, .time = clock_ns(CLOCK_MONOTONIC), .lost = 1 });
}

bool task_rings_lost(const struct task_rings *r)
{
	const struct task_list *ready = &r->queue.ready;

	for (size_t i = ready->first; i < ready->count; i++)
		if (ready->records[i].change == TASK_LOST)
			return true;
	return false;
}

bool task_rings_next(struct task_rings *r, struct task_record *ret_record)
{
	return task_queue_next(&r->queue, ret_record);
}
