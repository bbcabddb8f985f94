/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_CASE_H
#define MONITOR_APP_TEST_CASE_H

#include "base/arena.h"
#include "base/yaml.h"
#include "event/record.h"
#include "output/alert.h"
#include "source/source_test.h"

/*
 * A file of rule tests (monitor-test(5)), read and checked: every event can be built, every name is known.
 * All of it lives in the file's arena.
 */
struct test_fd {
	struct fd_record record;
	struct test_fd *next;
};

struct test_process {
	struct str name; /* what events call it: its comm as declared */
	struct process_record record; /* while the file is read: as the events so far made it */
	struct process_record start; /* as it is before the first event */
	bool declared; /* it is there before the first event */
	struct str container; /* the JSON of its container event; empty = on the host */
	struct test_fd *fds;
	struct test_process *next;
};

struct test_user {
	uint32_t uid, gid;
	struct str name, home, shell;
	struct test_user *next;
};

struct test_field {
	struct str name, value;
	struct test_field *next;
};

struct test_expected {
	struct str rule;
	int priority; /* enum priority, -1 = any */
	struct str output; /* part of the alert's text; empty = any */
	struct test_field *fields; /* of output_fields, as text */
	uint32_t count;
	struct yaml_position at;
	struct test_expected *next;
};

struct test_note {
	struct str text;
	struct test_note *next;
};

struct test_case {
	struct str name;
	struct yaml_position at;
	struct test_process *processes;
	struct test_user *users;
	struct source_test_event *events;
	size_t nevents, cap_events;
	struct str capture; /* path; then there are no events of our own */
	struct test_expected *expected; /* in order; NULL = no alert at all */
	struct str only; /* alerts of other rules do not count; empty = all count */
	bool at_least; /* one alert of the expected ones is enough: how suites are judged */
	struct test_note *notes; /* what could not be expressed: the case is then left out when it has no events */
	struct str skip; /* why it is not run; empty = it is run */
	struct test_case *next;
};

struct test_file {
	struct arena *arena;
	struct str path;
	struct str *rules; /* paths, relative ones already joined with the file's folder */
	size_t nrules;
	struct str rules_text; /* rules written in the file itself; empty = none */
	bool all_matching;
	struct test_case *cases;
	size_t ncases;
	bool suite; /* of event-generator's format */
};

#endif
