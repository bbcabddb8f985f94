#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py MONITOR RULES FOLDER [--backend B] [--part I/N] [--except PATTERN] TABLE...

Runs each line of the tables (of N lines one, from line I on; none that has the pattern) natively and under the monitor, in a
fresh folder with the same files, and compares exit status, standard output and the files left behind. A line of the table
"stressors" is run by stress-ng, for its status alone.
What natively does not give the same twice, or takes too long, is left out by name.
"""
import difflib, hashlib, os, re, shutil, stat, subprocess, sys

def lay_out(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + '/d/sub')
    os.makedirs(folder + '/e')
    def put(name, text):
        with open(f'{folder}/{name}', 'w') as f:
            f.write(text)
    put('a.txt', 'one line\ntwo lines\n\tthree\nfour lines of it\nfive\nsix\n')
    put('n.txt', '3\n1\n2\n2\n10\n')
    put('n2.txt', '1+2\n')
    put('d/x', 'x\n')
    put('d/sub/y', 'y\n')
    put('p.c', 'int main(void) { return 7; }\n')
    put('mk', 'all:\n\techo made; cp a.txt made\n')
    with open(folder + '/bin', 'wb') as f:
        f.write(bytes((i * 7 + i // 256) % 256 for i in range(1000)))
    os.symlink('a.txt', folder + '/link')

def content(path):
    """a digest; an ordinary user may leave what it cannot read itself"""
    try:
        with open(path, 'rb') as f:
            return hashlib.sha256(f.read()).hexdigest()
    except PermissionError:
        return 'unreadable'

def tree(folder):
    found = {}
    for base, dirs, files in os.walk(folder):
        if '.git' in base:
            continue
        for name in dirs + files:
            path = os.path.join(base, name)
            st = os.lstat(path)
            what = (stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)
            if stat.S_ISREG(st.st_mode) and not name.endswith(('.o', '.tar', 'db')):
                what += (content(path),)
            found[os.path.relpath(path, folder)] = what
    return found

def run(words, folder, status_only):
    lay_out(folder)
    env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'HOME': '/proc/nowhere', 'TERM': 'dumb'}
    p = subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        out, _ = p.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, 9)
        try:
            p.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            pass  # who has a session of its own has the pipe, too
        return 'timeout', b'', {}
    return (p.returncode, b'', {}) if status_only else (p.returncode, out, tree(folder))

def lines_of(table, part, without):
    first, step = (int(n) for n in part.split('/'))
    with open(table) as f:
        lines = [line.rstrip('\n') for line in f]
    return [line for line in lines[first::step] if not re.search(without, line)]

def compare(words, options, folder, status_only):
    """'' = the same, 'left out', or what differs"""
    native = run(words, folder, status_only)
    watched = run(options + words, folder, status_only)
    if native == watched:
        return ''
    if native[0] == 'timeout' or run(words, folder, status_only) != native:
        return 'left out'
    told = ', '.join(n for n, a, b in zip(('status', 'output', 'files'), native, watched) if a != b)
    for a, b in zip(native, watched):
        if isinstance(a, bytes):
            lines = list(difflib.unified_diff(a.decode(errors='replace').split('\n'), b.decode(errors='replace').split('\n'), lineterm='', n=0))
            told += ''.join('\n    ' + line[:200] for line in lines[2:8])
        elif a != b:
            told += f'\n    {str(a)[:200]}\n    {str(b)[:200]}'
    return told

def main():
    monitor, rules, folder, *rest = sys.argv[1:]
    monitor, rules, folder = os.path.abspath(monitor), os.path.abspath(rules), os.path.abspath(folder)
    options, part, without, tables = [], '0/1', '^$', []
    while rest:
        word = rest.pop(0)
        if word == '--backend':
            options = ['--backend', rest.pop(0)]
        elif word == '--part':
            part = rest.pop(0)
        elif word == '--except':
            without = rest.pop(0)
        else:
            tables.append(word)
    options = [monitor, 'run', '-r', rules, *options, '--output', '/dev/null', '--']
    same = left = different = 0
    for table in tables:
        stress = os.path.basename(table) == 'stressors'
        for line in lines_of(table, part, without):
            words = ['stress-ng', '--quiet', '--' + line, '1', f'--{line}-ops', '2', '--timeout', '2'] if stress else ['sh', '-c', line]
            told = compare(words, options, folder, stress)
            if not told:
                same += 1
            elif told == 'left out':
                print(f'left out: {line}')
                left += 1
            else:
                print(f'DIFFERENT: {line}: {told}', flush=True)
                different += 1
    print(f'{same} same, {left} left out, {different} different')
    sys.exit(different != 0 or not same)

main()
