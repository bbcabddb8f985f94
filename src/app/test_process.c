/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/test_read.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/parse.h"
#include "event/text_address.h"
#include "state/fd.h"

/* Numbers of processes that a test does not number, from here on in the order of their declaration. */
#define FIRST_PID 1001
/* The control group of a container, as a container engine names it: 64 digits, of which 12 are the short id. */
#define CONTAINER_ID_BYTES 64

/* ---- finding ---- */

struct test_process *test_process_find(const struct test_case *c, struct str name_or_number)
{
	struct test_process *p;
	int64_t number;

	for (p = c->processes; p; p = p->next)
		if (str_eq(p->name, name_or_number))
			return p;
	if (parse_i64(name_or_number, &number) < 0)
		return NULL;
	for (p = c->processes; p && p->record.tid != number; p = p->next)
		;
	return p;
}

struct test_process *test_process_new(struct test_file *f, struct test_case *c)
{
	struct test_process *p = arena_new_of(f->arena, struct test_process), **end = &c->processes;
	int64_t pid = FIRST_PID;

	if (!p)
		return NULL;
	for (; *end; end = &(*end)->next)
		if ((*end)->record.pid >= pid)
			pid = (*end)->record.pid + 1;
	*end = p;
	p->record = (struct process_record){
		.tid = pid,
		.pid = pid,
		.ptid = 1,
		.sid = pid,
		.vpgid = pid,
		.pgid = pid,
		.vtid = pid,
		.vpid = pid,
		.cwd = STR("/"),
		.root = STR("/"),
		.fdlimit = 1024,
		.loginuid = UINT32_MAX,
		.has_caps = true,
		.has_loginuid = true,
		.has_tty = true,
	};
	return p;
}

void test_processes_start(struct test_case *c)
{
	for (struct test_process *p = c->processes; p; p = p->next) {
		p->start = p->record;
		p->declared = true;
	}
}

/* ---- containers ---- */

static void add_member(struct strbuf *out, const char *name, struct str value)
{
	strbuf_addf(out, ",\"%s\":", name);
	json_add_string(out, value);
}

/* image: name:tag also fills what fields read of its parts */
static void add_image(struct strbuf *out, struct str image)
{
	const char *colon = str_last(image, ':');
	size_t len = colon && !memchr(colon, '/', image.len - (size_t)(colon - image.ptr)) ?
			     (size_t)(colon - image.ptr) :
			     image.len;

	add_member(out, "image", image);
	add_member(out, "imagerepo", (struct str){ image.ptr, len });
	add_member(out, "imagetag",
		   len < image.len ? (struct str){ image.ptr + len + 1, image.len - len - 1 } : STR("latest"));
}

static int add_container_key(struct test_file *f, struct strbuf *out, const struct yaml_pair *p, struct error *err)
{
	struct str key = p->key->text, value;
	bool yes;
	int r = test_text(f, p->value, &value, err);

	if (r < 0 || str_eq(key, STR("id")))
		return r;
	if (str_eq(key, STR("image"))) {
		add_image(out, value);
		return 0;
	}
	strbuf_addc(out, ',');
	json_add_string(out, key);
	strbuf_addc(out, ':');
	if (p->value->plain && yaml_bool(p->value, &yes) == 0)
		strbuf_adds(out, yes ? "true" : "false");
	else
		json_add_string(out, value);
	return 0;
}

int test_process_container(struct test_file *f, struct test_process *p, struct str id, const struct yaml_node *node,
			   struct error *err)
{
	auto_strbuf struct strbuf json = { 0 }, full = { 0 };
	int r = 0;

	for (size_t i = 0; i < CONTAINER_ID_BYTES; i++)
		strbuf_addc(&full, i < id.len ? id.ptr[i] : '0');
	for (size_t i = 0; i < id.len; i++)
		if (parse_hex_digit((unsigned char)id.ptr[i]) < 0)
			return test_fault(f, node, err, "the id of a container has hexadecimal digits");
	strbuf_addf(&json, "{\"container\":{\"id\":\"%.12s\",\"full_id\":\"%s\",\"type\":0", full.ptr ? full.ptr : "",
		    full.ptr ? full.ptr : "");
	for (uint32_t i = 0; r == 0 && node->kind == YAML_MAP && i < node->count; i++)
		r = add_container_key(f, &json, &node->pairs[i], err);
	strbuf_adds(&json, "}}");
	if (r < 0)
		return r;
	p->container = arena_str(f->arena, strbuf_str(&json));
	p->record.cgroups = arena_printf(f->arena, "cpuset=/docker/%s%c", full.ptr ? full.ptr : "", 0);
	if (json.failed || full.failed || !p->container.ptr || !p->record.cgroups.ptr)
		return test_out_of_memory(err);
	return 0;
}

static int read_container(struct test_file *f, struct test_process *p, const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *id = node->kind == YAML_MAP ? yaml_get(node, "id") : node;
	struct str text = STR("3ad7b26ded6d");
	int r = id ? test_text(f, id, &text, err) : 0;

	if (r < 0)
		return r;
	if (str_eq(text, STR("host"))) {
		p->container = STR("");
		p->record.cgroups = STR("");
		return 0;
	}
	if (text.len < 12 || text.len > CONTAINER_ID_BYTES)
		return test_fault(f, node, err, "the id of a container has 12 to %d digits", CONTAINER_ID_BYTES);
	return test_process_container(f, p, text, node, err);
}

/* ---- descriptors ---- */

static const struct {
	const char *word;
	enum fd_type type;
} fd_words[] = {
	{ "file", FD_FILE_V2 },    { "directory", FD_DIRECTORY }, { "pipe", FD_FIFO },
	{ "event", FD_EVENT },     { "signalfd", FD_SIGNALFD },   { "eventpoll", FD_EVENTPOLL },
	{ "inotify", FD_INOTIFY }, { "timerfd", FD_TIMERFD },     { "netlink", FD_NETLINK },
	{ "bpf", FD_BPF },         { "memfd", FD_MEMFD },         { "pidfd", FD_PIDFD },
	{ "unix", FD_UNIX_SOCK },  { "io_uring", FD_IOURING },    { "ipv4", FD_IPV4_SOCK },
	{ "ipv6", FD_IPV6_SOCK },
};

/* family, then both ends (text_address.h's bytes) */
static bool set_tuple(struct fd_record *record, struct str text)
{
	uint8_t bytes[TEXT_ADDRESS_BYTES];
	size_t len = text_address_parse(PT_SOCKTUPLE, text, bytes), size;
	struct reader r = reader_of(bytes, len);
	struct str ip;

	switch (reader_u8(&r)) {
	case 2:
		record->type = FD_IPV4_SOCK;
		size = 4;
		break;
	case 10:
		record->type = FD_IPV6_SOCK;
		size = 16;
		break;
	default:
		return false;
	}
	ip = reader_str(&r, size);
	memcpy(record->sip, ip.ptr, ip.len);
	record->sport = reader_u16(&r);
	ip = reader_str(&r, size);
	memcpy(record->dip, ip.ptr, ip.len);
	record->dport = reader_u16(&r);
	return !r.failed;
}

static int set_type(struct test_file *f, struct fd_record *record, const struct yaml_node *node, struct error *err)
{
	struct str word;
	int r = test_text(f, node, &word, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(fd_words); i++) {
		if (!str_eq(word, str_of(fd_words[i].word)))
			continue;
		record->type = (uint8_t)fd_words[i].type;
		return 0;
	}
	return test_fault(f, node, err,
			  "\"" STR_FMT "\" is no kind of descriptor (file, directory, pipe, unix, ipv4 ...)",
			  STR_ARG(word));
}

static int read_fd_key(struct test_file *f, struct fd_record *record, const struct yaml_pair *p, struct error *err)
{
	static const struct {
		const char *word;
		uint8_t l4;
	} protocols[] = { { "tcp", L4_TCP }, { "udp", L4_UDP }, { "icmp", L4_ICMP }, { "raw", L4_RAW } };
	struct str key = p->key->text, text;
	int r;

	if (str_eq(key, STR("fd")))
		return test_i64(f, p->value, &record->number, err);
	if (str_eq(key, STR("type")))
		return set_type(f, record, p->value, err);
	r = test_text(f, p->value, &text, err);
	if (r < 0)
		return r;
	if (str_eq(key, STR("name"))) {
		record->name = text;
		return 0;
	}
	if (str_eq(key, STR("tuple")))
		return set_tuple(record, text) ?
			       0 :
			       test_fault(f, p->value, err, "\"" STR_FMT "\" is no tuple (inet:1.2.3.4:5->6.7.8.9:80)",
					  STR_ARG(text));
	if (!str_eq(key, STR("l4")))
		return test_fault(f, p->key, err, "\"" STR_FMT "\" is none of fd, type, name, tuple, l4", STR_ARG(key));
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!str_eq(text, str_of(protocols[i].word)))
			continue;
		record->l4 = protocols[i].l4;
		return 0;
	}
	return test_fault(f, p->value, err, "l4 is tcp, udp, icmp or raw");
}

static int read_fds(struct test_file *f, struct test_process *p, const struct yaml_node *node, struct error *err)
{
	int r = test_kind(f, node, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		struct test_fd *fd = arena_new_of(f->arena, struct test_fd);
		const struct yaml_node *map = node->items[i];

		if (!fd)
			return test_out_of_memory(err);
		fd->record = (struct fd_record){ .number = -1, .type = FD_FILE_V2, .l4 = L4_TCP };
		r = test_kind(f, map, YAML_MAP, err);
		for (uint32_t k = 0; r == 0 && k < map->count; k++)
			r = read_fd_key(f, &fd->record, &map->pairs[k], err);
		if (r == 0 && fd->record.number < 0)
			return test_fault(f, map, err, "a descriptor needs its number (fd)");
		fd->next = p->fds;
		p->fds = fd;
	}
	return r;
}

/* ---- processes ---- */

static int read_parent(struct test_file *f, const struct test_case *c, struct test_process *p,
		       const struct yaml_node *node, struct error *err)
{
	const struct test_process *parent;
	struct str text;
	int r = test_text(f, node, &text, err);

	if (r < 0)
		return r;
	parent = test_process_find(c, text);
	if (parent) {
		p->record.ptid = parent->record.pid;
		p->record.sid = parent->record.sid;
		p->record.tty = parent->record.tty;
		p->record.uid = parent->record.uid;
		p->record.gid = parent->record.gid;
		p->record.loginuid = parent->record.loginuid;
		p->record.cwd = parent->record.cwd;
		p->record.cgroups = parent->record.cgroups;
		return 0;
	}
	if (parse_i64(text, &p->record.ptid) < 0)
		return test_fault(f, node, err, "no process \"" STR_FMT "\" stands before this one", STR_ARG(text));
	return 0;
}

/* Keys that are one value of the record. */
static const struct {
	const char *key;
	size_t offset;
	enum { MEMBER_TEXT, MEMBER_LIST, MEMBER_I64, MEMBER_U64, MEMBER_U32, MEMBER_BOOL } kind;
} members[] = {
#define MEMBER(key, member, kind) { key, offsetof(struct process_record, member), MEMBER_##kind }
	MEMBER("name", comm, TEXT),
	MEMBER("exe", exe, TEXT),
	MEMBER("exepath", exepath, TEXT),
	MEMBER("args", args, LIST),
	MEMBER("env", env, LIST),
	MEMBER("cwd", cwd, TEXT),
	MEMBER("root", root, TEXT),
	MEMBER("cgroups", cgroups, LIST),
	MEMBER("tid", tid, I64),
	MEMBER("session", sid, I64),
	MEMBER("pgid", pgid, I64),
	MEMBER("vpgid", vpgid, I64),
	MEMBER("vpid", vpid, I64),
	MEMBER("uid", uid, U32),
	MEMBER("gid", gid, U32),
	MEMBER("loginuid", loginuid, U32),
	MEMBER("tty", tty, U32),
	MEMBER("cap_effective", cap_effective, U64),
	MEMBER("cap_permitted", cap_permitted, U64),
	MEMBER("cap_inheritable", cap_inheritable, U64),
	MEMBER("exe_writable", exe_writable, BOOL),
	MEMBER("exe_upper_layer", exe_upper_layer, BOOL),
	MEMBER("exe_lower_layer", exe_lower_layer, BOOL),
	MEMBER("exe_from_memfd", exe_from_memfd, BOOL),
#undef MEMBER
};

static int read_member(struct test_file *f, struct process_record *record, size_t i, const struct yaml_node *node,
		       struct error *err)
{
	void *at = (char *)record + members[i].offset;
	struct str text;
	int r;

	switch (members[i].kind) {
	case MEMBER_TEXT:
		return test_text(f, node, at, err);
	case MEMBER_LIST:
		return test_list(f, node, at, err);
	case MEMBER_I64:
		return test_i64(f, node, at, err);
	case MEMBER_U32:
		return test_u32(f, node, at, err);
	case MEMBER_U64:
		r = test_text(f, node, &text, err);
		return r == 0 && parse_u64(text, at) < 0 ? test_fault(f, node, err, "a number was expected") : r;
	default:
		r = test_kind(f, node, YAML_SCALAR, err);
		return r == 0 && yaml_bool(node, at) < 0 ? test_fault(f, node, err, "yes or no was expected") : r;
	}
}

static int read_key(struct test_file *f, struct test_process *p, const struct yaml_pair *pair, struct error *err)
{
	struct str key = pair->key->text;

	if (str_eq(key, STR("pid")) || str_eq(key, STR("parent")))
		return 0; /* first: others follow from them */
	if (str_eq(key, STR("container")))
		return read_container(f, p, pair->value, err);
	if (str_eq(key, STR("fds")))
		return read_fds(f, p, pair->value, err);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (str_eq(key, str_of(members[i].key)))
			return read_member(f, &p->record, i, pair->value, err);
	return test_fault(f, pair->key, err, "\"" STR_FMT "\" is nothing that a process has", STR_ARG(key));
}

static struct str last_part(struct str path)
{
	const char *slash = str_last(path, '/');

	return slash ? (struct str){ slash + 1, path.len - (size_t)(slash + 1 - path.ptr) } : path;
}

/* One of name, exe and exepath tells the others. */
static int fill_names(struct test_file *f, struct test_process *p, struct error *err)
{
	struct process_record *r = &p->record;

	if (!r->comm.len)
		r->comm = last_part(r->exepath.len ? r->exepath : r->exe);
	if (r->comm.len > 15) /* as the kernel keeps it */
		r->comm.len = 15;
	if (!r->exepath.len && r->exe.len && r->exe.ptr[0] == '/')
		r->exepath = r->exe;
	if (!r->exepath.len) {
		r->exepath = arena_printf(f->arena, "/usr/bin/" STR_FMT, STR_ARG(r->comm));
		if (!r->exepath.ptr)
			return test_out_of_memory(err);
	}
	if (!r->exe.len)
		r->exe = r->comm;
	return 0;
}

int test_read_process(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct test_process *p,
		      struct error *err)
{
	const struct yaml_node *pid, *parent;
	int64_t number;
	int r = test_kind(f, node, YAML_MAP, err);

	if (r < 0)
		return r;
	pid = yaml_get(node, "pid");
	if (pid) {
		r = test_i64(f, pid, &number, err);
		if (r < 0)
			return r;
		p->record.tid = p->record.pid = p->record.sid = p->record.pgid = p->record.vpgid = p->record.vtid =
			p->record.vpid = number;
	}
	parent = yaml_get(node, "parent");
	if (parent)
		r = read_parent(f, c, p, parent, err);
	for (uint32_t i = 0; r == 0 && i < node->count; i++)
		r = read_key(f, p, &node->pairs[i], err);
	if (r == 0)
		r = fill_names(f, p, err);
	if (r == 0)
		p->name = p->record.comm;
	return r;
}

int test_read_processes(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err)
{
	int r = test_kind(f, node, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		const struct yaml_node *name = yaml_get(node->items[i], "name");
		struct test_process *p = name && name->kind == YAML_SCALAR ? test_process_find(c, name->text) : NULL;

		if (!p)
			p = test_process_new(f, c);
		if (!p)
			return test_out_of_memory(err);
		r = test_read_process(f, c, node->items[i], p, err);
	}
	return r;
}
