/* SPDX-License-Identifier: Apache-2.0 */
/* The resources and steps of a suite: descriptors that are there, and events. */
#include <arpa/inet.h>
#include <errno.h>

#include "app/test_read.h"
#include "app/test_suite_parts.h"
#include "base/parse.h"
#include "event/event.h"
#include "event/flags.h"
#include "field/names.h"
#include "state/fd.h"

#define CLIENT_PORT 40000 /* of the client that is connected to a suite's server */
#define ADDRESS_MAX 128

/* ---- names ---- */

static int bind_name(struct suite *s, struct str name, const char *path, int64_t number)
{
	struct suite_name *n = arena_new_of(s->file->arena, struct suite_name);

	if (!n)
		return -ENOMEM;
	n->name = arena_printf(s->file->arena, STR_FMT ".%s", STR_ARG(name), path);
	n->number = number;
	n->next = s->names;
	s->names = n;
	return n->name.ptr ? 0 : -ENOMEM;
}

/* The number of "${name}"; false when nothing of that name stands before. */
static bool bound(const struct suite *s, struct str text, int64_t *ret_number)
{
	if (!str_starts(text, STR("${")) || !str_ends(text, STR("}")))
		return false;
	text = (struct str){ text.ptr + 2, text.len - 3 };
	while (text.len && text.ptr[0] == ' ') {
		text.ptr++;
		text.len--;
	}
	while (text.len && text.ptr[text.len - 1] == ' ')
		text.len--;
	for (const struct suite_name *n = s->names; n; n = n->next) {
		if (str_eq(n->name, text)) {
			*ret_number = n->number;
			return true;
		}
	}
	return false;
}

/* ---- resources ---- */

static struct fd_record *add_fd(struct suite *s, enum fd_type type, struct str name, int64_t *ret_number)
{
	struct test_fd *fd = arena_new_of(s->file->arena, struct test_fd);

	if (!fd)
		return NULL;
	*ret_number = s->next_fd++;
	fd->record = (struct fd_record){ .number = *ret_number, .type = (uint8_t)type, .name = name };
	fd->next = s->leaf->fds;
	s->leaf->fds = fd;
	return &fd->record;
}

/* Files and folders are opened by the process itself, so that rules see it. */
static int add_open(struct suite *s, const struct yaml_node *map, enum fd_type type, struct str path,
		    int64_t *ret_number, struct error *err)
{
	auto_strbuf struct strbuf line = { 0 };

	*ret_number = s->next_fd++;
	strbuf_addf(&line, "%lld openat fd=%lld dirfd=-100 flags=%s name=", (long long)s->leaf->record.tid,
		    (long long)*ret_number, type == FD_DIRECTORY ? "O_RDONLY|O_DIRECTORY" : "O_RDWR");
	test_quote(&line, path);
	return line.failed ? test_out_of_memory(err) :
			     test_add_event(s->file, s->c, strbuf_str(&line), STR(""), map, err);
}

static int add_fd_resource(struct suite *s, const struct yaml_node *map, struct str name, struct error *err)
{
	static const struct {
		const char *subtype, *path_key, *second;
		enum fd_type type;
	} kinds[] = {
		{ "file", "filePath", NULL, FD_FILE_V2 },  { "directory", "dirPath", NULL, FD_DIRECTORY },
		{ "pipe", NULL, "writeFd", FD_FIFO },	   { "event", NULL, NULL, FD_EVENT },
		{ "signalfd", NULL, NULL, FD_SIGNALFD },   { "eventpoll", NULL, NULL, FD_EVENTPOLL },
		{ "inotify", NULL, NULL, FD_INOTIFY },	   { "memfd", "fileName", NULL, FD_MEMFD },
	};
	const struct yaml_node *subtype = yaml_get(map, "subtype");
	struct str path = STR("");
	int64_t number;
	int r;

	for (size_t i = 0; subtype && subtype->kind == YAML_SCALAR && i < ARRAY_SIZE(kinds); i++) {
		const struct yaml_node *node = kinds[i].path_key ? yaml_get(map, kinds[i].path_key) : NULL;

		if (!str_eq(subtype->text, str_of(kinds[i].subtype)))
			continue;
		if (node) {
			r = test_text(s->file, node, &path, err);
			if (r < 0)
				return r;
		}
		if (kinds[i].type == FD_FILE_V2 || kinds[i].type == FD_DIRECTORY) {
			r = add_open(s, map, kinds[i].type, path, &number, err);
			return r == 0 && bind_name(s, name, "fd", number) < 0 ? test_out_of_memory(err) : r;
		}
		if (!add_fd(s, kinds[i].type, path, &number) ||
		    bind_name(s, name, kinds[i].second ? "readFd" : "fd", number) < 0)
			return test_out_of_memory(err);
		if (kinds[i].second &&
		    (!add_fd(s, kinds[i].type, path, &number) || bind_name(s, name, kinds[i].second, number) < 0))
			return test_out_of_memory(err);
		return 0;
	}
	return test_add_note(s->file, s->c, map,
			     "resource \"" STR_FMT "\": this kind of descriptor cannot be expressed",
			     STR_ARG(name)) < 0 ?
		       test_out_of_memory(err) :
		       0;
}

/* HOST:PORT or [HOST]:PORT; false when it is none. */
static bool parse_endpoint(struct str text, uint8_t ip[16], bool *ret_v6, uint16_t *ret_port)
{
	const char *colon = str_last(text, ':');
	char host[ADDRESS_MAX];
	size_t len = colon ? (size_t)(colon - text.ptr) : 0;
	uint32_t port;

	if (!colon || parse_u32((struct str){ colon + 1, text.len - len - 1 }, &port) < 0 || port > UINT16_MAX)
		return false;
	if (len > 2 && text.ptr[0] == '[' && text.ptr[len - 1] == ']') {
		text.ptr++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text.ptr, len);
	host[len] = 0;
	*ret_port = (uint16_t)port;
	*ret_v6 = memchr(host, ':', len) != NULL;
	return inet_pton(*ret_v6 ? AF_INET6 : AF_INET, host, ip) == 1;
}

static int add_pair(struct suite *s, const struct yaml_node *map, struct str name, struct error *err)
{
	const struct yaml_node *proto = yaml_get(map, "l4Proto"), *address = yaml_get(map, "address");
	struct fd_record *client, *server;
	int64_t client_fd, server_fd;
	uint8_t ip[16] = { 0 };
	uint16_t port = 0;
	bool v6 = false, unix_socket;

	if (!proto || proto->kind != YAML_SCALAR || !address || address->kind != YAML_SCALAR)
		return test_fault(s->file, map, err, "a clientServer needs l4Proto and address");
	unix_socket = str_eq(proto->text, STR("unix"));
	if (!unix_socket && !parse_endpoint(address->text, ip, &v6, &port))
		return test_fault(s->file, address, err, "\"" STR_FMT "\" is no address with a port",
				  STR_ARG(address->text));
	client = add_fd(s, unix_socket ? FD_UNIX_SOCK : v6 ? FD_IPV6_SOCK : FD_IPV4_SOCK, STR(""), &client_fd);
	server = add_fd(s,
			unix_socket ? FD_UNIX_SOCK :
			v6          ? FD_IPV6_SERVSOCK :
				      FD_IPV4_SERVSOCK,
			address->text, &server_fd);
	if (!client || !server || bind_name(s, name, "client.fd", client_fd) < 0 ||
	    bind_name(s, name, "server.fd", server_fd) < 0)
		return test_out_of_memory(err);
	client->l4 = server->l4 = str_starts(proto->text, STR("tcp")) ? L4_TCP : L4_UDP;
	memcpy(client->sip, ip, sizeof(ip)); /* both ends are on this machine */
	memcpy(client->dip, ip, sizeof(ip));
	memcpy(server->dip, ip, sizeof(ip));
	client->sport = CLIENT_PORT;
	client->dport = server->dport = port;
	return 0;
}

static int add_resource(struct suite *s, const struct yaml_node *map, struct error *err)
{
	const struct yaml_node *type = yaml_get(map, "type"), *name = yaml_get(map, "name");
	struct test_process *p;
	int r;

	if (!type || type->kind != YAML_SCALAR || !name || name->kind != YAML_SCALAR)
		return test_fault(s->file, map, err, "a resource needs a type and a name");
	if (str_eq(type->text, STR("fd")))
		return add_fd_resource(s, map, name->text, err);
	if (str_eq(type->text, STR("clientServer")))
		return add_pair(s, map, name->text, err);
	if (str_eq(type->text, STR("process"))) {
		r = suite_process(s, map, "procName", &p, err);
		return r == 0 && bind_name(s, name->text, "pid", p->record.pid) < 0 ? test_out_of_memory(err) : r;
	}
	return test_add_note(s->file, s->c, map, "resource \"" STR_FMT "\": type " STR_FMT " cannot be expressed",
			     STR_ARG(name->text), STR_ARG(type->text)) < 0 ?
		       test_out_of_memory(err) :
		       0;
}

int suite_resources(struct suite *s, const struct yaml_node *node, struct error *err)
{
	int r = node ? test_kind(s->file, node, YAML_SEQUENCE, err) : 0;

	for (uint32_t i = 0; node && r == 0 && i < node->count; i++)
		r = add_resource(s, node->items[i], err);
	return r;
}

/* ---- steps ---- */

enum result { RESULT_ZERO, RESULT_NEW_FD, RESULT_BYTES, RESULT_SECOND };
enum arg_kind { KIND_NONE, KIND_TEXT, KIND_NUMBER, KIND_FD, KIND_ADDRESS, KIND_BUFFER };

struct call {
	const char *name;
	uint16_t type;
	enum result result;
	struct call_arg {
		const char *name, *param;
		enum arg_kind kind;
	} args[6];
};

static const struct call calls[] = {
#define ARG(name, param, kind) { name, param, KIND_##kind },
#define CALL(name, type, result, ...) { name, EV_##type, RESULT_##result, { __VA_ARGS__ } },
#include "app/suite_calls.def"
#undef CALL
#undef ARG
};

/* "how.flags" is flags inside how. */
static const struct yaml_node *get_arg(const struct yaml_node *args, const char *name)
{
	const char *dot = strchr(name, '.');
	const struct yaml_node *outer = dot ? yaml_get(args, "how") : args;

	return outer ? yaml_get(outer, dot ? dot + 1 : name) : NULL;
}

/* Kinds of sockets have no flag set: events tell them as numbers. */
static const struct {
	const char *word;
	int64_t number;
} socket_words[] = { { "SOCK_STREAM", 1 }, { "SOCK_DGRAM", 2 }, { "SOCK_RAW", 3 } };

static bool add_number(struct suite *s, struct strbuf *line, const struct param_info *param, struct str text,
		       int64_t *ret_number)
{
	uint32_t bit;
	uint64_t number, all = 0;

	if (bound(s, text, ret_number) || parse_i64(text, ret_number) == 0 ||
	    names_number(param->type, text, ret_number)) {
		strbuf_addi(line, *ret_number);
		return true;
	}
	if (parse_u64(text, &number) == 0) {
		*ret_number = (int64_t)number;
		strbuf_addu(line, number);
		return true;
	}
	for (size_t i = 0; !param->flags && i < ARRAY_SIZE(socket_words); i++) {
		if (!str_eq(text, str_of(socket_words[i].word)))
			continue;
		*ret_number = socket_words[i].number;
		strbuf_addi(line, *ret_number);
		return true;
	}
	while (text.len) {
		const char *bar = memchr(text.ptr, '|', text.len);
		size_t n = bar ? (size_t)(bar - text.ptr) : text.len;

		if (!flags_value(param->flags, (struct str){ text.ptr, n }, &bit))
			return false;
		all |= bit;
		n += bar != NULL;
		text.ptr += n;
		text.len -= n;
	}
	strbuf_addu(line, all);
	*ret_number = (int64_t)all;
	return true;
}

static bool add_address(struct strbuf *line, const struct param_info *param, struct str text)
{
	uint8_t ip[16];
	uint16_t port;
	bool v6;

	if (!parse_endpoint(text, ip, &v6, &port))
		return false;
	if (param->type == PT_SOCKADDR)
		strbuf_addf(line, "%s:" STR_FMT, v6 ? "inet6" : "inet", STR_ARG(text));
	else
		strbuf_addf(line, "%s:%s:%d->" STR_FMT, v6 ? "inet6" : "inet", v6 ? "[::1]" : "127.0.0.1", CLIENT_PORT,
			    STR_ARG(text));
	return true;
}

static bool add_arg(struct suite *s, const struct call *call, const struct call_arg *arg, const struct yaml_node *value,
		    struct strbuf *line, int64_t *ret_number)
{
	const struct param_info *param =
		&event_table[call->type].params[event_param_index(call->type, str_of(arg->param))];

	if (value->kind != YAML_SCALAR)
		return false;
	strbuf_addf(line, " %s=", arg->param);
	switch (arg->kind) {
	case KIND_TEXT:
	case KIND_BUFFER:
		test_quote(line, value->text);
		*ret_number = (int64_t)value->text.len;
		return true;
	case KIND_ADDRESS:
		return add_address(line, param, value->text);
	default:
		return add_number(s, line, param, value->text, ret_number);
	}
}

static int64_t result_of(struct suite *s, const struct call *call, const int64_t *numbers)
{
	switch (call->result) {
	case RESULT_NEW_FD:
		return s->next_fd++;
	case RESULT_BYTES:
	case RESULT_SECOND:
		return numbers[1];
	default:
		return 0;
	}
}

static int add_call(struct suite *s, const struct call *call, const struct yaml_node *step, struct str name,
		    struct error *err)
{
	const struct yaml_node *args = yaml_get(step, "args");
	const struct event_info *info = &event_table[call->type];
	auto_strbuf struct strbuf line = { 0 };
	int64_t numbers[ARRAY_SIZE(call->args)] = { 0 }, result;

	strbuf_addi(&line, s->leaf->record.tid);
	strbuf_addf(&line, " %s", info->name);
	for (size_t i = 0; i < ARRAY_SIZE(call->args) && call->args[i].name; i++) {
		const struct call_arg *arg = &call->args[i];
		const struct yaml_node *value = get_arg(args, arg->name);

		if (value && arg->param && !add_arg(s, call, arg, value, &line, &numbers[i]))
			return test_add_note(s->file, s->c, value,
					     "step \"" STR_FMT "\": argument %s cannot be expressed", STR_ARG(name),
					     arg->name) < 0 ?
				       test_out_of_memory(err) :
				       0;
		if (!value && arg->kind == KIND_FD && arg->param) {
			strbuf_addf(&line, " %s=-100", arg->param);
			numbers[i] = -100;
		}
		if (value && arg->param && arg->kind != KIND_TEXT && bind_name(s, name, arg->name, numbers[i]) < 0)
			return test_out_of_memory(err);
	}
	result = result_of(s, call, numbers);
	strbuf_addf(&line, " %s=%lld", info->params[0].name, (long long)result);
	if (bind_name(s, name, "ret", result) < 0 || line.failed)
		return test_out_of_memory(err);
	return test_add_event(s->file, s->c, strbuf_str(&line), STR(""), step, err);
}

static int add_step(struct suite *s, const struct yaml_node *step, struct error *err)
{
	const struct yaml_node *name = yaml_get(step, "name"), *call = yaml_get(step, "syscall");

	if (!name || name->kind != YAML_SCALAR)
		return test_fault(s->file, step, err, "a step needs a name");
	for (size_t i = 0; call && call->kind == YAML_SCALAR && i < ARRAY_SIZE(calls); i++)
		if (str_eq(call->text, str_of(calls[i].name)))
			return add_call(s, &calls[i], step, name->text, err);
	return test_add_note(s->file, s->c, step, "step \"" STR_FMT "\": this kind of step cannot be expressed",
			     STR_ARG(name->text)) < 0 ?
		       test_out_of_memory(err) :
		       0;
}

int suite_steps(struct suite *s, const struct yaml_node *node, struct error *err)
{
	int r = node ? test_kind(s->file, node, YAML_SEQUENCE, err) : 0;

	for (uint32_t i = 0; node && r == 0 && i < node->count; i++)
		r = add_step(s, node->items[i], err);
	return r;
}
