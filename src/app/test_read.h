/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_READ_H
#define MONITOR_APP_TEST_READ_H

#include "app/test_case.h"

/* What the readers of test files share: a place for every fault, nodes as checked values. */

/* "path:line:column: reason"; returns -EINVAL. */
int test_fault(const struct test_file *f, const struct yaml_node *node, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Notes at the case what is left out of it. 0 or -ENOMEM. */
int test_add_note(struct test_file *f, struct test_case *c, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

int test_out_of_memory(struct error *err);

/* Each refuses another kind of node. What is written only on success. */
int test_text(const struct test_file *f, const struct yaml_node *node, struct str *ret_text, struct error *err);
/* That of a map's key, or fallback when it is not there. */
int test_text_or(const struct test_file *f, const struct yaml_node *map, const char *key, struct str fallback,
		 struct str *ret_text, struct error *err);
int test_i64(const struct test_file *f, const struct yaml_node *node, int64_t *ret_value, struct error *err);
int test_u32(const struct test_file *f, const struct yaml_node *node, uint32_t *ret_value, struct error *err);
int test_kind(const struct test_file *f, const struct yaml_node *node, enum yaml_kind kind, struct error *err);

/* A sequence, or a text cut at blanks: each piece with a NUL after it, as lists travel. */
int test_list(const struct test_file *f, const struct yaml_node *node, struct str *ret_list, struct error *err);

/* A file's path, taken from the test file's folder when it is relative. */
struct str test_path(const struct test_file *f, struct str path);

/* test_process.c: a list of processes, added to c; those of them that are declared already are changed. */
int test_read_processes(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err);
/* Gives p what a process has when nothing is said. */
int test_read_process(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct test_process *p,
		      struct error *err);
struct test_process *test_process_new(struct test_file *f, struct test_case *c);
struct test_process *test_process_find(const struct test_case *c, struct str name_or_number);
/* What is declared now is what there is before the first event. */
void test_processes_start(struct test_case *c);
int test_process_container(struct test_file *f, struct test_process *p, struct str id, const struct yaml_node *node,
			   struct error *err);

/* test_event.c: a list of events, added to c. */
int test_read_events(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err);
/* The container events of the declared processes; node is the place of faults. */
int test_add_containers(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err);
/* Adds an event's line (what follows the time); its faults are reported at node. */
int test_add_event(struct test_file *f, struct test_case *c, struct str line, struct str real_path,
		   const struct yaml_node *node, struct error *err);
/*
 * The execve event that makes p the program that it is declared to be. given: parameters that it has already,
 * or NULL.
 */
void test_add_program(struct strbuf *line, const struct test_process *p, const bool *given);
/* Adds s in quotes with the escapes of event_text.h. */
void test_quote(struct strbuf *out, struct str s);

/* test_suite.c: a file of event-generator's suites. */
int test_read_suite(struct test_file *f, const struct yaml_node *tests, struct error *err);

#endif
