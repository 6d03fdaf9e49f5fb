# Runs a command on a pseudo-terminal: the first argument is JSON, a list of [text to wait for, text to type] or, with what to
# press again every other second until the text is there, of three.
# Prints JSON: what the terminal showed and the exit code as a shell says it.
import fcntl, json, os, pty, select, struct, sys, termios, time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    os.execvp(command[0], command)
shown, sought = b"", 0
deadline = time.time() + 50  # of a machine with much else to do
pressed = time.time()
while time.time() < deadline:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    if steps and steps[0][0].encode() in shown[sought:]:
        sought = len(shown)
        os.write(terminal, steps.pop(0)[1].encode())
        pressed = time.time()
    elif steps and len(steps[0]) == 3 and time.time() - pressed > 2:
        os.write(terminal, steps[0][2].encode())
        pressed = time.time()
else:
    os.kill(pid, 9)
status = os.waitpid(pid, 0)[1]
code = os.waitstatus_to_exitcode(status)
print(json.dumps({"output": shown.decode(errors="replace"), "code": 128 - code if code < 0 else code, "steps": len(steps)}))
