/* SPDX-License-Identifier: Apache-2.0 */
#include "app/resources.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/units.h"
#include "tracer/procfs_folder.h"

/* The number behind "\nNAME:" (or NAME at the start), which counts in KiB there; as bytes. 0 when it is not there. */
static uint64_t kib_of(const char *text, const char *name)
{
	const char *at = text ? strstr(text, name) : NULL;
	uint64_t kib;

	return at && sscanf(at + strlen(name), "%" SCNu64, &kib) == 1 ? kib * 1024 : 0;
}

/* The workload may mount what it likes over /proc. */
static char *read_proc(const char *path)
{
	char *text;
	size_t len;

	return file_read_all_at(procfs_folder(), path, PROC_FILE_BYTES, &text, &len, NULL) == 0 ? text : NULL;
}

static char *read_cgroup(const char *path)
{
	char *text;
	size_t len;

	return file_read_all(path, PROC_FILE_BYTES, &text, &len, NULL) == 0 ? text : NULL;
}

static void collect_memory(struct metrics *m)
{
	auto_free char *status = read_proc("self/status"), *rollup = read_proc("self/smaps_rollup");
	auto_free char *host = read_proc("meminfo");
	uint64_t unused = kib_of(host, "MemFree:") + kib_of(host, "Buffers:") + kib_of(host, "\nCached:") +
			  kib_of(host, "SReclaimable:");
	uint64_t total = kib_of(host, "MemTotal:");

	m->memory_rss = kib_of(status, "VmRSS:");
	m->memory_vsz = kib_of(status, "VmSize:");
	m->memory_pss = kib_of(rollup, "\nPss:");
	m->host_memory = total > unused ? total - unused : 0;
}

/* In a container the limit that it may be ended for is its control group's. */
static void collect_container(struct metrics *m)
{
	static const char *const places[] = { "/sys/fs/cgroup/memory/memory.usage_in_bytes",
					      "/sys/fs/cgroup/memory.current" };
	const char *named = getenv("FALCO_CGROUP_MEM_PATH");
	auto_free char *text = read_cgroup(named && *named ? named : places[0]);

	if (!text && !(named && *named))
		text = read_cgroup(places[1]);
	if (text)
		(void)sscanf(text, "%" SCNu64, &m->container_memory);
}

static void collect_processors(struct metrics *m, uint64_t start_ts)
{
	auto_free char *text = read_proc("stat");
	uint64_t t[7] = { 0 }, sum = 0, now = clock_ns(CLOCK_REALTIME), used;
	const char *running = text ? strstr(text, "procs_running ") : NULL;
	struct rusage own;

	if (text && sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6]) == 7)
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			sum += t[i];
	if (sum) /* the fourth is what was idle */
		m->host_cpu_usage = 1000 - t[3] * 1000 / sum;
	if (running)
		(void)sscanf(running, "procs_running %" SCNu64, &m->host_procs_running);
	if (getrusage(RUSAGE_SELF, &own) < 0 || now <= start_ts)
		return;
	used = (uint64_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) * NS_PER_SECOND +
	       (uint64_t)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) * 1000u;
	m->cpu_usage = used / ((now - start_ts) / 1000 + 1);
}

void resources_collect(struct metrics *m, uint64_t start_ts)
{
	auto_free char *files = read_proc("sys/fs/file-nr");

	collect_memory(m);
	collect_container(m);
	collect_processors(m, start_ts);
	if (files)
		(void)sscanf(files, "%" SCNu64, &m->host_open_fds);
}
